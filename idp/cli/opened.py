"""Settings and services for the time of one verb."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import click

from idp.app import Services, build_services
from idp.audit.events import EventType
from idp.audit.recorder import Fact, event
from idp.clock import SystemClock
from idp.config import load_settings
from idp.running.preparing import prepare_directory
from idp.secrets import SystemRandomness
from idp.storage.records.upgrade import is_current

ACTOR = "cli"
OTHER_RELEASE = "the tables of the records are not those of this release: run `idp db upgrade`"


@contextmanager
def opened() -> Iterator[Services]:
    """The services of this deployment. Raises what settings, keys and stores raise."""
    settings = load_settings(os.environ)
    prepare_directory(settings, SystemRandomness(), SystemClock())
    if not settings.records_embedded and not is_current(settings.records_url):
        raise click.ClickException(OTHER_RELEASE)
    services = build_services(settings)
    try:
        yield services
    finally:
        services.close()


def record(services: Services, kind: EventType, **facts: Fact) -> None:
    """Tell the audit trail what an operator did."""
    services.record(event(kind, services.clock.now(), actor=ACTOR, **facts))


def this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
