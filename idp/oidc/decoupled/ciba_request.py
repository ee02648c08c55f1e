"""What a client asks at /ciba, each parameter proved (CIBA Core sections 7.1, 7.1.1 and 7.2).

A signed request has all its parameters inside, and is good once. A client that registered an algorithm for it has no
other request answered.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from idp.clock import Clock
from idp.errors import InvalidBindingMessage, InvalidRequest, MissingUserCode
from idp.login.assurance import OFFERED, lowest
from idp.oidc.authorization import rules
from idp.oidc.clients import fapi2
from idp.oidc.clients.client import FAPI2, PING, Client
from idp.oidc.clients.client_keys import ClientKeys
from idp.oidc.jose import jws
from idp.oidc.jose.claims import SKEW_SECONDS, InvalidClaims, begun, for_us, seconds_left, young
from idp.oidc.jose.jti import InvalidJti, jti_of, once
from idp.oidc.resources.reach import Reach, Reaching
from idp.parameters import Parameters, as_sent
from idp.storage.state import StateStore

HINTS: Final = ("login_hint", "id_token_hint", "login_hint_token")
PARAMETERS: Final = (
    *HINTS,
    "scope",
    "client_notification_token",
    "acr_values",
    "binding_message",
    "user_code",
    "requested_expiry",
    "resource",
    "authorization_details",
)
SECONDS: Final = 300
"""How long a citizen has, if the client does not say."""
LONGEST_SECONDS: Final = 600
LONGEST_MESSAGE: Final = 40
"""Characters; both sides have to be compared by eye or by ear."""
LONGEST_SIGNED_SECONDS: Final = 3_600
_TYPES: Final = (None, "JWT", "jwt", "oauth-authz-req+jwt")
_EXPIRY: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,1024}=*", re.ASCII)
"""RFC 6750 section 2.1."""


@dataclass(frozen=True, slots=True)
class BackchannelRequest:
    """A request that was proved. Of the two hints one is there; `seconds` is how long it waits."""

    scopes: tuple[str, ...]
    aal: int
    login_hint: str | None
    id_token_hint: str | None
    user_code: str
    message: str
    seconds: int
    notification_token: str
    reach: Reach | None


class BackchannelRequests:
    def __init__(self, keys: ClientKeys, reaching: Reaching, state: StateStore, clock: Clock, issuer: str) -> None:
        self._keys = keys
        self._reaching = reaching
        self._state = state
        self._clock = clock
        self._issuer = issuer

    def read(self, given: Parameters, client: Client) -> BackchannelRequest:
        """Raises `InvalidRequest`, `InvalidScope`, `InvalidTarget`, `InvalidAuthorizationDetails`, `MissingUserCode` or
        `InvalidBindingMessage`."""
        parameters = self._meant(given, client)
        rules.texts_are_short(parameters, client)
        if sum(parameters.get(name) is not None for name in HINTS) != 1:
            raise InvalidRequest("not exactly one hint")
        if parameters.get("login_hint_token") is not None:
            raise InvalidRequest("login_hint_token is not offered")
        reach = self._reaching.asked(parameters, client)
        return BackchannelRequest(
            scopes=rules.scopes(parameters, client, self._reaching.scopes(reach)),
            aal=_level(parameters, client),
            login_hint=parameters.get("login_hint"),
            id_token_hint=parameters.get("id_token_hint"),
            user_code=_user_code(parameters, client),
            message=_message(parameters.get("binding_message") or "", client),
            seconds=_seconds(parameters.get("requested_expiry")),
            notification_token=_notification_token(parameters, client),
            reach=reach,
        )

    def _meant(self, given: Parameters, client: Client) -> Parameters:
        signed, alg = given.get("request"), client.backchannel_authentication_request_signing_alg
        if signed is None:
            if alg is not None:
                raise InvalidRequest("not signed")
            return given
        if any(given.get(name) is not None for name in PARAMETERS):
            raise InvalidRequest("parameters beside a signed request")
        try:
            claims = self._keys.verify(client, signed, fapi2.algorithms(client, alg), _TYPES)
            self._for_us_and_now(claims, client)
        except (jws.InvalidJws, InvalidClaims, InvalidJti) as invalid:
            raise InvalidRequest(f"request: {invalid}") from None
        return Parameters(
            {name: _text(name, claims[name]) for name in PARAMETERS if claims.get(name, "") != ""}, signed=True
        )

    def _for_us_and_now(self, claims: Mapping[str, Any], client: Client) -> None:
        """Section 7.1.1: all six claims are there. Raises `InvalidClaims` or `InvalidJti`."""
        if claims.get("iss") != client.client_id or claims.get("sub") == client.client_id:
            raise InvalidClaims("another issuer, or an assertion")
        for_us(claims, self._issuer)
        now = self._clock.now()
        left = seconds_left(claims.get("exp"), now, LONGEST_SIGNED_SECONDS + SKEW_SECONDS)
        begun(claims, now)
        for name in ("iat", "nbf"):
            young(claims, name, now, LONGEST_SIGNED_SECONDS)
        once(self._state, "ciba-request", client.client_id, jti_of(claims), int(left) + 1)


def _level(parameters: Parameters, client: Client) -> int:
    """The level that the citizen has to prove; of those named, the lowest. One that nobody can reach is refused now,
    and not after the citizen was asked."""
    values = tuple((parameters.get("acr_values") or "").split())
    level = lowest(values or client.default_acr_values)
    if level and level not in OFFERED:
        raise InvalidRequest("acr_values that nobody can reach")
    return level


def _message(text: str, client: Client) -> str:
    """Short and plain, so that it is read and nobody can put words of ours into it. A FAPI client always sends one
    (FAPI-CIBA section 5.2.2)."""
    if client.profile == FAPI2 and not text:
        raise InvalidBindingMessage
    if len(text) > LONGEST_MESSAGE or not text.isprintable() or text != text.strip() or "//" in text:
        raise InvalidBindingMessage
    return text


def _user_code(parameters: Parameters, client: Client) -> str:
    """From who registered to send it, always; from others it counts for nothing."""
    if not client.backchannel_user_code_parameter:
        return ""
    if parameters.get("id_token_hint") is not None:
        raise InvalidRequest("a user code goes with a login_hint")
    code = parameters.get("user_code")
    if code is None:
        raise MissingUserCode
    return code


def _seconds(text: str | None) -> int:
    if text is None:
        return SECONDS
    if not _EXPIRY.fullmatch(text):
        raise InvalidRequest("requested_expiry")
    return min(int(text), LONGEST_SECONDS)


def _notification_token(parameters: Parameters, client: Client) -> str:
    """Section 7.1: a client that is pinged says by what it knows the ping is ours."""
    token = parameters.get("client_notification_token") or ""
    if client.backchannel_token_delivery_mode == PING and not _BEARER.fullmatch(token):
        raise InvalidRequest("client_notification_token is missing, or malformed")
    return token if client.backchannel_token_delivery_mode == PING else ""


def _text(name: str, value: object) -> str:
    """`requested_expiry` may be a number inside."""
    try:
        return as_sent(name, value)
    except ValueError:
        raise InvalidRequest("request: a parameter that is no text") from None
