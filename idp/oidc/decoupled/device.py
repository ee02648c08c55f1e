"""The device authorization endpoint (RFC 8628): a device without a keyboard asks, a citizen answers in his browser.

The device shows a code and an address; the citizen types the code at /device and goes through the ordinary sign-in,
whose last page always asks him and says that it is for another device (section 5.4). The device polls (`polling.py`).
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from idp.clock import Clock
from idp.codec import decode, encode
from idp.errors import TooManyRequests, UnauthorizedClient
from idp.login.assurance import lowest
from idp.login.dispatch import Interaction
from idp.login.door import Redirect
from idp.login.transaction import Ask
from idp.oidc.authorization import rules
from idp.oidc.call import Call
from idp.oidc.clients.client import DEVICE_CODE, Client, ClientSource
from idp.oidc.clients.client_auth import ClientAuthentication
from idp.oidc.decoupled import user_code
from idp.oidc.decoupled.awaited import Answered, Awaited, Waiting
from idp.oidc.decoupled.elsewhere import Beginning
from idp.oidc.limits import counted
from idp.oidc.resources.reach import Reaching
from idp.oidc.scopes import OPENID
from idp.oidc.tokens.grant import CodeRequest
from idp.parameters import Parameters
from idp.secrets import Randomness, digest, shard_for, shard_of
from idp.sessions import Session
from idp.sources import Bucket, Sources, source_of
from idp.storage.state import Conflict, Key, StateStore

PATH: Final = "/device"
"""Where the citizen types the code."""
DOOR: Final = "device"
"""The kind of what waits, too."""
SECONDS: Final = 600
"""How long a citizen has, from the code on the screen to the last press."""
INTERVAL: Final = 5
"""Seconds between two polls (section 3.5)."""
OF_STRANGERS: Final = Bucket(size=100, drain=1)
"""What one source may ask for clients that anybody can be or become: 100 at once, then one a second."""
GUESSES_OF_SOURCE: Final = Bucket(size=30, drain=20)
GUESSES_OF_CITIZEN: Final = Bucket(size=10, drain=60)
"""Codes that lead nowhere, from one address and of one citizen: thirty or ten at once, then three or one a minute. Many
people share an address; nobody mistypes ten codes."""
TRIES: Final = 5


class UnknownCode(Exception):
    """No device waits with this code (any more)."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the request of a code is kept."""

    shard: str
    name: str


class UserCodes:
    """Which code belongs to which request. `secret` keeps the names in the store from being tried out elsewhere."""

    def __init__(self, waiting: Waiting, state: StateStore, clock: Clock, secret: bytes) -> None:
        self._waiting = waiting
        self._state = state
        self._secret = secret
        self._of_source = Sources(state, clock, GUESSES_OF_SOURCE, "user-code-source")
        self._of_citizen = Sources(state, clock, GUESSES_OF_CITIZEN, "user-code-citizen")

    def keep(self, code: str, handle: str) -> None:
        """Raises `Conflict` if the code is in use."""
        place = _Place(shard_of(handle), digest(handle))
        self._state.replace(self._key(code), None, encode(place), SECONDS)

    def find(self, typed: str, source: str, citizen_id: str) -> tuple[Key, Awaited]:
        """The request that the typed code stands for; `citizen_id` is empty where nobody is signed in.

        Every try counts, and one that finds something is taken back. Raises `UnknownCode` or `Throttled`.
        """
        tries = [(self._of_source, self._of_source.count(source_of(source)))]
        if citizen_id:
            tries.append((self._of_citizen, self._of_citizen.count(citizen_id)))
        found = self._look_up(user_code.read(typed))
        for sources, key in tries:
            sources.take_back(key)
        return found

    def _look_up(self, code: str) -> tuple[Key, Awaited]:
        raw = self._state.get(self._key(code)) if code else None
        if raw is None:
            raise UnknownCode
        place = decode(raw, _Place)
        key = self._waiting.key_of(place.shard, place.name)
        try:
            return key, self._waiting.open(key)
        except Answered:
            raise UnknownCode from None

    def _key(self, code: str) -> Key:
        name = hmac.new(self._secret, code.encode(), hashlib.sha256).hexdigest()
        return Key(shard_for(name), "user-code", name)


class DeviceAuthorizationEndpoint:
    """/device_authorization (RFC 8628 section 3.1)."""

    def __init__(
        self,
        issuer: str,
        authentication: ClientAuthentication,
        waiting: Waiting,
        codes: UserCodes,
        reaching: Reaching,
        state: StateStore,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._page = f"{issuer}{PATH}"
        self._authentication = authentication
        self._waiting = waiting
        self._codes = codes
        self._reaching = reaching
        self._clock = clock
        self._randomness = randomness
        self._strangers = Sources(state, clock, OF_STRANGERS, "device-source")

    def answer(self, call: Call) -> dict[str, Any]:
        """The device authorization response (section 3.2). Raises an `OAuthError`."""
        parameters = call.parameters()
        client = self._authentication.prove(parameters, call).client
        if DEVICE_CODE not in client.grant_types:
            raise UnauthorizedClient(DEVICE_CODE)
        if not client.vetted:
            self._count(call.source)
        request = self._request(parameters, client)
        code, handle = self._begin(request, call.source)
        return {
            "device_code": handle,
            "user_code": user_code.shown(code),
            "verification_uri": self._page,
            "verification_uri_complete": complete(self._page, code),
            "expires_in": SECONDS,
            "interval": INTERVAL,
        }

    def _request(self, parameters: Parameters, client: Client) -> CodeRequest:
        """Without a scope, the sign-in alone is asked for (RFC 6749 section 3.3)."""
        asked = Parameters({"scope": OPENID, **parameters.values})
        rules.texts_are_short(asked, client)
        reach = self._reaching.asked(asked, client)
        scopes = rules.scopes(asked, client, self._reaching.scopes(reach))
        return CodeRequest.answered_elsewhere(client.client_id, scopes, reach)

    def _begin(self, request: CodeRequest, source: str) -> tuple[str, str]:
        """User code and device code. Two of a code would let a citizen allow the wrong device."""
        now = int(self._clock.now())
        for _ in range(TRIES):
            code = user_code.mint_user_code(self._randomness)
            awaited = Awaited(request, now, now + SECONDS, INTERVAL, source, user_code.shown(code))
            handle = self._waiting.mint()
            try:
                self._codes.keep(code, handle)
            except Conflict:
                continue
            self._waiting.begin(handle, awaited)
            return code, handle
        raise TooManyRequests(1, "every user code that was tried is in use")

    def _count(self, source: str) -> None:
        counted(self._strangers.count, source_of(source), "device authorization requests")


class Devices:
    """/device: from a typed code to the sign-in."""

    def __init__(self, issuer: str, codes: UserCodes, clients: ClientSource, beginning: Beginning) -> None:
        self._page = f"{issuer}{PATH}"
        self._codes = codes
        self._clients = clients
        self._beginning = beginning

    def enter(self, typed: str, session: Session | None, browser: str, source: str) -> Redirect | Interaction:
        """Raises `UnknownCode`, `Throttled`, or `PartyGone`."""
        key, awaited = self._codes.find(typed, source, session.head.citizen_id if session else "")
        request = awaited.request
        client = self._clients.get(request.client_id)
        ask = Ask(
            request.client_id,
            request.scopes,
            claims=request.records,
            essential_claims=request.records,
            fresh_consent=True,
            aal=lowest(client.default_acr_values if client else ()),
        )
        return self._beginning.begin(key, ask, session, browser, source)

    def address(self, code: str) -> str:
        """`verification_uri_complete` (section 3.3.1)."""
        return complete(self._page, code)


def complete(page: str, code: str) -> str:
    return f"{page}?{urlencode({'user_code': user_code.shown(code)})}"
