"""One citizen at many portals, most of them alive: how long until those are told of a sign-out."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from idp.app import Services
from idp.doors import Doors
from idp.metrics import Metrics
from idp.sessions import Session, leg_field
from tests.support.listener import Listener, listening
from tests.support.provider import Provider, running_provider, settings_for

PORTALS = 50


@dataclass
class Crowd:
    """`live` hears all portals but one, `dead` that one."""

    provider: Provider
    live: Listener
    dead: Listener
    clients: list[str]

    def session(self) -> Session:
        """Of somebody who has been at all of them."""
        services: Services = self.provider.services
        _, session = services.sessions.open(self.provider.citizen().citizen.id, 1, ("pwd",), None, "sign-in")
        for client_id in self.clients:
            session = services.sessions.add_leg(session, leg_field(client_id, "ask"), b"{}")
        return session

    def seconds(self) -> float:
        """From the end of the session until the last live portal is told. The dead one answers only then."""
        session, told = self.session(), len(self.live.told)
        telling = Doors(self.provider.services, Metrics()).telling
        thread = threading.Thread(target=lambda: telling.tell("signed_out", session))
        began = time.monotonic()
        thread.start()
        while len(self.live.told) < told + PORTALS - 1 and time.monotonic() < began + 5:
            time.sleep(0.002)
        seconds = time.monotonic() - began
        assert thread.is_alive(), "it still waits for the dead one"
        self.dead.gate.set()
        thread.join(10)
        self.dead.gate.clear()
        return seconds


@contextmanager
def crowd(folder: Path, *, one_gateway: bool) -> Iterator[Crowd]:
    """With `one_gateway` all portals, the dead one too, stand behind one host."""
    with listening() as live, listening() as other:
        dead = live if one_gateway else other
        if one_gateway:
            live.stuck = "/dead"
        dead.gate.clear()
        allowed = settings_for(folder, IDP_OUTBOUND_ALLOW=f"{live.place},{other.place}")
        with running_provider(allowed) as provider:
            addresses = [f"http://{live.place}/{number}" for number in range(PORTALS - 1)] + [
                f"http://{dead.place}/dead"
            ]
            clients = [provider.client(backchannel_logout_uri=each).id for each in addresses]
            yield Crowd(provider, live, dead, clients)
