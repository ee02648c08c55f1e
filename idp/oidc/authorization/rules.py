"""One small rule a parameter of an authorization request, in the order in which they are proved.

Each returns what it proved or raises the error its clause names; by then the client and its redirect address are known,
so the error goes back to the client.
"""

import re
from collections.abc import Callable, Collection
from typing import Final

from idp.errors import (
    InvalidRequest,
    InvalidRequestObject,
    InvalidScope,
    RegistrationNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from idp.oidc.authorization.target import MAX_STATE, deliverable
from idp.oidc.clients.client import AUTHORIZATION_CODE, REFRESH_TOKEN, Client
from idp.oidc.scopes import CLAIMS_OF_SCOPE, OFFLINE_ACCESS, OPENID, SCOPE_OF_CLAIM
from idp.parameters import Parameters

_SHA256: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
"""A SHA-256 digest as base64url has it."""
_MAX_AGE: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
PROMPTS: Final = ("none", "login", "consent", "select_account", "create")
_ALONE: Final = frozenset({"none", "create"})
MAX_TEXT: Final = 1_024


def no_parameter_is_repeated(parameters: Parameters, client: Client) -> None:
    """RFC 6749 section 3.1."""
    parameters.refuse_repeated()


def no_request_object(parameters: Parameters, client: Client) -> None:
    """OIDC Core sections 6.2 and 7.2.1: objects at addresses of somebody's own, and `registration`, are not offered."""
    if parameters.get("request") is not None:
        raise InvalidRequestObject
    if parameters.get("request_uri") is not None:
        raise RequestUriNotSupported
    if parameters.get("registration") is not None:
        raise RegistrationNotSupported


def pushed_or_signed_where_the_client_is_bound_to(parameters: Parameters, client: Client) -> None:
    """RFC 9126 section 6, RFC 9101 section 10.5: a client that registered so has no other request answered."""
    if client.require_pushed_authorization_requests and not parameters.pushed:
        raise InvalidRequest("not pushed")
    if client.require_signed_request_object and not parameters.signed:
        raise InvalidRequest("not signed")


def response_type_is_code(parameters: Parameters, client: Client) -> None:
    """RFC 6749 section 4.1.1; no other is offered (RFC 9700 section 2.1.2)."""
    if parameters.require("response_type") != "code":
        raise UnsupportedResponseType


def client_may_use_codes(parameters: Parameters, client: Client) -> None:
    """RFC 6749 section 4.1.2.1."""
    if AUTHORIZATION_CODE not in client.grant_types:
        raise UnauthorizedClient


def response_mode_is_offered(parameters: Parameters, client: Client) -> None:
    """OAuth 2.0 Multiple Response Type Encoding Practices section 2.1; a form is posted to a server alone."""
    mode = parameters.get("response_mode")
    if mode is not None and not deliverable(mode, parameters.get("redirect_uri") or ""):
        raise InvalidRequest("response_mode")


def code_challenge_is_s256(parameters: Parameters, client: Client) -> None:
    """RFC 7636 section 4.3, with S256 only (RFC 9700 section 2.1.1). A challenge that is sent is always checked. Where
    none is asked for, whoever registered himself sends a nonce instead; who was registered by an operator was asked."""
    challenge = parameters.get("code_challenge")
    if challenge is None:
        if client.require_pkce or not client.confidential or parameters.get("code_challenge_method") is not None:
            raise InvalidRequest("code_challenge is missing")
        if not client.vetted and parameters.get("nonce") is None:
            raise InvalidRequest("neither code_challenge nor nonce")
        return
    if parameters.get("code_challenge_method") != "S256" or not _SHA256.fullmatch(challenge):
        raise InvalidRequest("code_challenge is not S256")


def texts_are_short(parameters: Parameters, client: Client) -> None:
    """What we store or show is bounded."""
    for name in ("nonce", "login_hint", "ui_locales", "claims_locales", "acr_values", "scope", "prompt", "display"):
        value = parameters.get(name)
        if value is not None and (len(value) > MAX_TEXT or not value.isprintable()):
            raise InvalidRequest(f"{name} is too long or has control characters")
    if len(parameters.get("state") or "") > MAX_STATE:
        raise InvalidRequest("state is too long")


RULES: Final[tuple[Callable[[Parameters, Client], None], ...]] = (
    no_parameter_is_repeated,
    pushed_or_signed_where_the_client_is_bound_to,
    response_type_is_code,
    client_may_use_codes,
    no_request_object,
    response_mode_is_offered,
    code_challenge_is_s256,
    texts_are_short,
)


def scopes(parameters: Parameters, client: Client, elsewhere: Collection[str] = ()) -> tuple[str, ...]:
    """The scopes to ask for: the request's, less what is unknown (OIDC Core section 3.1.2.1) or not this client's to
    ask. `elsewhere` are those of the resources it names. A client that could not use a refresh token cannot ask for
    one."""
    asked = (parameters.get("scope") or "").split(" ")
    if OPENID not in asked:
        raise InvalidScope("openid is not in scope")
    allowed = {scope for scope in client.scope if scope != OFFLINE_ACCESS or REFRESH_TOKEN in client.grant_types}
    return tuple(
        dict.fromkeys(scope for scope in asked if scope in allowed and (scope in CLAIMS_OF_SCOPE or scope in elsewhere))
    )


def claims(asked: tuple[str, ...], client: Client) -> tuple[str, ...]:
    """Single claims, less those of scopes that are not this client's to ask."""
    return tuple(claim for claim in asked if SCOPE_OF_CLAIM[claim] in client.scope)


def prompts(parameters: Parameters) -> frozenset[str]:
    """OIDC Core section 3.1.2.1: `none` stands alone. So does `create`, which asks for another page (Initiating
    User Registration 1.0)."""
    asked = frozenset((parameters.get("prompt") or "").split())
    if not asked <= set(PROMPTS) or (asked & _ALONE and len(asked) > 1):
        raise InvalidRequest("prompt")
    return asked


def max_age(parameters: Parameters, client: Client) -> int | None:
    """Seconds, or None if any age will do."""
    value = parameters.get("max_age")
    if value is None:
        return client.default_max_age
    if not _MAX_AGE.fullmatch(value):
        raise InvalidRequest("max_age")
    return int(value)


def dpop_jkt(parameters: Parameters) -> str | None:
    """The key a code is to be bound to (RFC 9449 section 10), or None."""
    value = parameters.get("dpop_jkt")
    if value is not None and not _SHA256.fullmatch(value):
        raise InvalidRequest("dpop_jkt is no thumbprint")
    return value
