"""The provider and the three portals of the demo as processes of their own, on stores of either kind, with citizens.

A town is what `idp demo` starts, by the same code; only the addresses of its stores may be others.
"""

import os
import socket
import subprocess
import sysconfig
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from idp.app import Services, build_services
from idp.citizens.registry import NewCitizen
from idp.clock import SystemClock
from idp.config import load_settings
from idp.demo.children import Children
from idp.demo.places import Places
from idp.demo.programs import provider_settings
from idp.demo.run import start_all
from idp.login.totp import new_secret
from idp.secrets import SystemRandomness
from idp.vault.master_keys import ensure_key_file
from tests.support.citizens import number, phone
from tests.support.processes import free_port
from tests.support.provider import PASSWORD, Person

IDP = Path(sysconfig.get_path("scripts")) / "idp"


def four_free_ports() -> int:
    """The first of four in a row."""
    while True:
        first = free_port()
        try:
            for port in range(first, first + 4):
                with socket.create_server(("127.0.0.1", port)):
                    pass
        except OSError:
            continue
        return first


@dataclass
class Town:
    places: Places
    settings: Mapping[str, str]
    services: Services
    """The stores that the running provider has open too."""
    _hash: str = field(init=False)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1000))

    def __post_init__(self) -> None:
        self._hash = self.services.passwords.hash(PASSWORD)

    @property
    def issuer(self) -> str:
        return self.places.issuer

    @property
    def portals(self) -> tuple[str, str]:
        """Of 社会保险 and of 车辆管理, which speak OpenID Connect."""
        return self.places.portal_url(0), self.places.portal_url(1)

    @property
    def estate(self) -> str:
        """不动产, which speaks SAML."""
        return self.places.portal_url(2)

    def citizen(self, name: str, *, totp: bool = False) -> Person:
        """Somebody new, whom no portal has met and who has agreed to nothing."""
        index = next(self._numbers)
        secret = new_secret(self.services.randomness) if totp else None
        citizen = self.services.citizens.add(
            NewCitizen(
                name=name, number=number(index), phone=phone(index), password_hash=self._hash, totp_secret=secret
            )
        )
        return Person(citizen, number(index), phone(index), PASSWORD, secret)

    def recovery_code(self, person: Person) -> str:
        return self.services.recovery.renew(person.citizen.id)[0]

    def idp(self, *words: str) -> str:
        """What an operator types at a shell of this deployment; its standard output."""
        return shell(self.settings, *words)


def shell(settings: Mapping[str, str], *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    done = subprocess.run(
        [IDP, *words], env=environment | dict(settings), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running_town(folder: Path, stores: Mapping[str, str]) -> Iterator[Town]:
    """`stores` is empty for the embedded ones, or has IDP_RECORDS_URL and IDP_STATE_URL of a deployment."""
    places = Places(four_free_ports(), folder)
    settings = provider_settings(places) | dict(stores)
    if stores:
        ensure_key_file(folder / "master.key", SystemRandomness(), SystemClock().now())
        shell(settings, "db", "upgrade")
    children = Children(SystemClock())
    try:
        start_all(places, os.environ, settings, children, threading.Event())
        services = build_services(load_settings(settings))
        try:
            yield Town(places, settings, services)
        finally:
            services.close()
    finally:
        children.stop()
