"""Ours: a real `idp serve` with one worker, two registered clients, and citizens who are signed in at both.

Citizens and clients are put into the stores beforehand; signing in and consenting goes through the pages.
"""

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode

from idp.app import build_services
from idp.clock import SystemClock
from idp.codec import encode
from idp.config import Settings, load_settings
from idp.oidc.registration.clients import Registered
from idp.running.preparing import prepare_directory
from idp.secrets import SystemRandomness
from tests.bench.citizens import PASSWORD, add
from tests.bench.load import once
from tests.bench.machine import Processors
from tests.bench.serving import serving
from tests.bench.walks import CALLBACK, Answer, Place, Walk, WrongAnswer, proved
from tests.support.citizens import number
from tests.support.forms import form
from tests.support.processes import free_port

ALGORITHMS = ("RS256", "ES256")


@dataclass(frozen=True, slots=True)
class Ours:
    """A running provider. `places` are its clients by the algorithm they registered; `people` are numbers of citizens
    who agreed to what both ask, and `cookies` are those of their signed-in browsers."""

    port: int
    worker: int
    places: dict[str, Place]
    people: Sequence[str]
    cookies: Sequence[str]


@contextlib.contextmanager
def provider(
    folder: Path,
    processors: Processors,
    state_url: str | None,
    citizens: int,
    browsers: int,
    say: Callable[[str], None],
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Ours]:
    """Serve from `folder`, which holds embedded stores, perhaps with citizens in it already; with `more` settings."""
    port = free_port()
    variables = {"IDP_ISSUER": f"http://127.0.0.1:{port}", "IDP_DATA_DIR": str(folder)}
    variables |= {"IDP_ADDRESS_RATE": "1000000", "IDP_CLIENT_RATE": "1000000"}  # all of the load comes from one of each
    variables |= more
    if state_url is not None:
        variables["IDP_STATE_URL"] = state_url
    places = _prepare(load_settings(variables), port, citizens, say)
    command = ["idp.cli", "serve", "--port", str(port), "--workers", "1"]
    with serving(command, port, folder / "serve.log", processors, variables) as worker:
        people = [number(index * citizens // browsers) for index in range(browsers)]
        cookies = [_signed_in(places, person) for person in people]
        yield Ours(port, worker, places, people, cookies)


def register(folder: Path, state_url: str | None, metadata: Mapping[str, object]) -> tuple[str, str]:
    """Another client of a provider that runs, as an operator adds it: its id and its secret."""
    variables = {"IDP_ISSUER": "http://127.0.0.1", "IDP_DATA_DIR": str(folder)}
    services = build_services(load_settings(variables | ({"IDP_STATE_URL": state_url} if state_url else {})))
    try:
        return _registered(services.clients.add(encode(metadata)))
    finally:
        services.close()


def _prepare(settings: Settings, port: int, citizens: int, say: Callable[[str], None]) -> dict[str, Place]:
    prepare_directory(settings, SystemRandomness(), SystemClock())
    services = build_services(settings)
    try:
        services.ensure_keys()
        if services.citizens.by_number(number(0)) is None:
            add(services, citizens, say)
        return {alg: Place(port, *_registered(services.clients.add(encode(_metadata(alg))))) for alg in ALGORITHMS}
    finally:
        services.close()


def _registered(registered: Registered) -> tuple[str, str]:
    return registered.client.client_id, registered.client_secret or ""


def _metadata(alg: str) -> dict[str, object]:
    return {
        "redirect_uris": [CALLBACK],
        "client_name": f"社会保险 {alg}",
        "scope": "openid profile",
        "id_token_signed_response_alg": alg,
    }


def _signed_in(places: dict[str, Place], person: str) -> str:
    """The cookies of a browser in which this citizen signed in and agreed to what both clients ask."""
    jar: dict[str, str] = {}
    for place in places.values():
        once(place.port, arriving(place, person, jar))
    return cookie(jar)


def cookie(jar: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items())


def arriving(place: Place, person: str, jar: dict[str, str]) -> Walk:
    """A citizen's way from a portal through our pages back to it; with an empty jar he signs in with his password.

    One who agreed before walks three requests: /authorize, the page, and its form.
    """
    yield from through(place, place.authorize, person, jar)


def through(place: Place, address: str, person: str, jar: dict[str, str]) -> Generator[bytes, Answer, str]:
    """The same from whatever a portal's request is; gives the address at the portal that the answer leads to."""
    answer = yield place.get(address, f"Cookie: {cookie(jar)}")
    for _ in range(10):
        jar |= answer.cookies()
        location = answer.header("location") if answer.status == 303 else ""
        if location.startswith(CALLBACK):
            return location
        if location:
            answer = yield place.get(location, f"Cookie: {cookie(jar)}")
        else:
            answer = yield filled(place, proved(answer, 200), person, jar)
    raise WrongAnswer("no way back to the portal")


def filled(place: Place, page: Answer, person: str, jar: dict[str, str]) -> bytes:
    text = page.body.decode()
    if 'name="username"' in text:
        found, typed = form(text, "username"), {"username": person, "password": PASSWORD}
    else:
        found, typed = form(text, "decision"), {"decision": "allow"}
    fields = urlencode(found.filled(**typed), doseq=True)
    return place.post(found.action, fields, f"Cookie: {cookie(jar)}", f"Origin: http://{place.host}")
