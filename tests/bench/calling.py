"""A provider for `calls.py`: one that lets anybody register, with a client that refreshes and one of FAPI 2.0, and
citizens who are signed in at both."""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from tests.bench.calls import Fapi, Refreshing, introspection, registration
from tests.bench.load import once
from tests.bench.machine import Processors
from tests.bench.provider import Ours, provider, register, through
from tests.bench.walks import CALLBACK, Place, Walk

SETTINGS = {"IDP_REGISTRATION": "open", "IDP_TRUSTED_PROXIES": "127.0.0.1"}
_METADATA = {"redirect_uris": [CALLBACK], "id_token_signed_response_alg": "ES256"}
_SCOPE = "openid profile offline_access"


@contextlib.contextmanager
def calling(
    folder: Path, processors: Processors, state_url: str | None, browsers: int, say: Callable[[str], None]
) -> Iterator[tuple[Ours, Mapping[str, Callable[[], Walk]]]]:
    """The provider, and what is measured there, by name. `browsers`: at least as many as there will be connections,
    for each has the refresh tokens of one citizen."""
    with provider(folder, processors, state_url, browsers, browsers, say, SETTINGS) as ours:
        known = {"client_name": "刷新", "scope": _SCOPE, **_METADATA}
        refreshing = Refreshing(Place(ours.port, *register(folder, state_url, known), scope=_SCOPE))
        fapi = _fapi(folder, state_url, ours.port)
        for person, cookie in zip(ours.people, ours.cookies, strict=True):
            jar = dict(pair.split("=", 1) for pair in cookie.split("; "))
            once(ours.port, _agree(refreshing, fapi, person, jar))
        turns = itertools.cycle(ours.cookies)
        yield (
            ours,
            {
                "FAPI 2.0 hops": lambda: fapi.hop(next(turns)),
                "introspections": lambda: introspection(refreshing.place, refreshing.access_token),
                "refreshes": refreshing.walk,
                "registrations": lambda: registration(ours.places["ES256"], "portal.example"),
            },
        )


def _fapi(folder: Path, state_url: str | None, port: int) -> Fapi:
    key = ec.generate_private_key(ec.SECP256R1())
    public = Fapi(Place(port, "", ""), key).jwk | {"kid": "1"}
    metadata = {"client_name": "FAPI", "scope": "openid profile", "profile": "fapi2", "jwks": {"keys": [public]}}
    return Fapi(Place(port, *register(folder, state_url, metadata | _METADATA)), key)


def _agree(refreshing: Refreshing, fapi: Fapi, person: str, jar: dict[str, str]) -> Walk:
    """A citizen who is signed in goes to both; the one that refreshes gets its first token."""
    location = yield from through(refreshing.place, refreshing.place.authorize, person, jar)
    yield from refreshing.first(dict(parse_qsl(urlsplit(location).query))["code"])
    address = yield from fapi.pushed()
    yield from through(fapi.place, address, person, jar)
