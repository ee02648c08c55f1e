"""Everything of `make demo`, in order: ports, data, programs, table, `ready`; and at Ctrl-C or SIGTERM the end."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import requests

from idp.clock import SystemClock
from idp.config import load_settings
from idp.demo.children import Children, Program, ProgramEnded
from idp.demo.citizens import Credentials
from idp.demo.explanation import explanation
from idp.demo.places import HOST, Places
from idp.demo.programs import portal, provider, provider_settings
from idp.demo.seed import seed
from idp.demo.themes import THEMES

START_SECONDS = 60
"""How long the programs may take until all answer; a slow machine needs some of it."""
LOOK_SECONDS = 0.2


class CannotRun(Exception):
    """Said to the person at the terminal in one sentence, with what to do."""


class Stopped(Exception):
    """Ctrl-C or SIGTERM came before all was ready."""


def run(port: int, data_dir: Path) -> int:
    """Run the demo until it is told to stop; the exit status. The provider gets `port`, portals the three after it."""
    places = Places(port, data_dir.absolute())
    with _stop_signals() as stop:
        children = Children(SystemClock())
        try:
            _demo(places, os.environ, children, stop)
        except Stopped:
            pass
        except (CannotRun, ProgramEnded) as problem:
            print(f"demo: {problem}", file=sys.stderr, flush=True)
            return 1
        finally:
            children.stop()
        print("\nstopped", flush=True)
        return 0


def _demo(places: Places, environ: Mapping[str, str], children: Children, stop: threading.Event) -> None:
    _prove_ports_free(places)
    people = start_all(places, environ, provider_settings(places), children, stop)
    print(explanation(places, people, SystemClock().now()), flush=True)
    print("ready", flush=True)
    while not stop.wait(LOOK_SECONDS):
        children.prove_alive()


def start_all(
    places: Places, environ: Mapping[str, str], settings: Mapping[str, str], children: Children, stop: threading.Event
) -> Mapping[str, Credentials]:
    """Fill the stores that `settings` name and start the four programs; what each citizen signs in with, by number.

    Returns once all answer. Raises `ProgramEnded`, `Stopped` or `CannotRun`.
    """
    people = seed(load_settings(settings), places)
    programs = [
        provider(places, environ, settings),
        *(portal(places, number, environ) for number in range(len(THEMES))),
    ]
    for program in programs:
        children.start(program)
    for program in programs:
        _wait_until_it_answers(program, children, stop)
    return people


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that is set by Ctrl-C, SIGTERM or the terminal going away. A second signal changes nothing."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _prove_ports_free(places: Places) -> None:
    """Raises `CannotRun`. IPv6 too: a browser tries it first for localhost and would find somebody else's program."""
    for port in (places.port, *(places.portal_port(number) for number in range(len(THEMES)))):
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            if _in_use(family, address, port):
                raise CannotRun(
                    f"port {port} is in use by another program; choose four other ports with, for instance, "
                    f"`make demo PORT={9000 if places.port != 9000 else 9100}`"
                )


def _in_use(family: socket.AddressFamily, address: str, port: int) -> bool:
    with socket.socket(family) as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


def _wait_until_it_answers(program: Program, children: Children, stop: threading.Event) -> None:
    """Raises `ProgramEnded`, `Stopped` or `CannotRun`."""
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(int(START_SECONDS / LOOK_SECONDS)):
            children.prove_alive()
            if _answers(session, program.answers_at):
                return
            if stop.wait(LOOK_SECONDS):
                raise Stopped
    raise CannotRun(f"{program.name} does not answer at {HOST} after {START_SECONDS} s; see {program.log}")


def _answers(session: requests.Session, address: str) -> bool:
    try:
        return session.get(address, timeout=2, allow_redirects=False).status_code == 200
    except requests.RequestException:
        return False
