"""Settings and services for the time of one verb."""

import getpass
import os
import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from idp.app import Services, build_services
from idp.audit.events import EventType
from idp.audit.recorder import Fact, UnsafeEvent, event, note
from idp.clock import SystemClock
from idp.config import Settings, address_of_file, load_settings
from idp.running.preparing import prepare_directory, prove_key_file, prove_master_key
from idp.secrets import SystemRandomness
from idp.storage.records.upgrade import is_current

_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9._/-]")
_LONGEST_NAME = 32
OTHER_RELEASE = "the tables of the records are not those of this release: run `idp db upgrade`"


@contextmanager
def opened(*, begin: bool = False, tells: bool = False) -> Iterator[Services]:
    """The services of this deployment, for a verb that changes something; with `begin`, of a new one where there is
    none yet.

    A verb that `tells` the audit trail what it did can do so: nothing is changed while the state store is away.
    Raises what settings, keys and stores raise.
    """
    settings = load_settings(os.environ)
    if not begin:
        _prove_begun(settings)
    prepared(settings)
    if not settings.records_embedded:
        _prove_release(settings)
    with closing(build_services(settings)) as services:
        prove_master_key(services)
        if tells:
            services.state.ping()
        yield services


@contextmanager
def reading() -> Iterator[Services]:
    """The services of this deployment, for a verb that only reads: no file, table, key or secret is made.

    A state store that was never made holds nothing: an empty one stands in for it.
    Raises what settings, keys and stores raise.
    """
    settings = load_settings(os.environ)
    _prove_begun(settings)
    prove_key_file(settings)
    _prove_release(settings)
    with TemporaryDirectory() as elsewhere:
        if settings.state_file is not None and not settings.state_file.exists():
            settings = replace(settings, state_url=address_of_file(Path(elsewhere) / "state.db"))
        with closing(build_services(settings, reads=True)) as services:
            prove_master_key(services)
            yield services


def _prove_begun(settings: Settings) -> None:
    if settings.records_file is not None and not settings.records_file.exists():
        raise click.ClickException(
            f"there are no records at {settings.records_file}: set IDP_DATA_DIR or IDP_RECORDS_URL, "
            "or begin with `idp serve`"
        )


def _prove_release(settings: Settings) -> None:
    if not is_current(settings.records_url):
        raise click.ClickException(OTHER_RELEASE)


def prepared(settings: Settings) -> None:
    """What must be there before anything is opened. Raises what keys raise."""
    prepare_directory(settings, SystemRandomness(), SystemClock())


def record(services: Services, kind: EventType, **facts: Fact) -> None:
    """Tell the audit trail what an operator did."""
    services.record(event(kind, services.clock.now(), actor=actor(), **facts))


def actor() -> str:
    """Who works here, as the trail has it: who called sudo, else who logged in, else the user's number."""
    for name in (os.environ.get("SUDO_USER", ""), _login_name()):
        told = f"cli:{_NOT_OF_A_NAME.sub('', name)[:_LONGEST_NAME]}"
        with suppress(UnsafeEvent):
            note(actor=told)
            if told != "cli:":
                return told
    return f"cli:{os.getuid()}"


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return ""


def this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
