"""The FAPI 2.0 Security Profile: what a client of `profile: fapi2` is bound to, all of it together.

Some of it is metadata: `completed` fills in what such a client leaves out, and `lacks` says what is missing or stands
against it. The rest is asked at each request: algorithms (section 5.4.1), the one audience of an assertion (section
5.3.2.1), refresh tokens that are not exchanged for others (section 5.3.2.1). What the profile asks of everybody holds
here for everybody: PKCE, `iss` in the answer, codes of a minute, no other response type.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from idp.oidc.clients.client import CIBA, FAPI2, MTLS_METHODS, PRIVATE_KEY_JWT, Client
from idp.oidc.jose.jws import CLIENT_ALGORITHMS

ALGORITHMS: Final = tuple(alg for alg in CLIENT_ALGORITHMS if alg != "RS256")
_METHODS: Final = (PRIVATE_KEY_JWT, *MTLS_METHODS)
_DEFAULTS: Final[Mapping[str, Any]] = {
    "token_endpoint_auth_method": PRIVATE_KEY_JWT,
    "require_pkce": True,
    "require_pushed_authorization_requests": True,
    "id_token_signed_response_alg": "ES256",
}
_SIGNED: Final = (
    "token_endpoint_auth_signing_alg",
    "request_object_signing_alg",
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "authorization_signed_response_alg",
    "introspection_signed_response_alg",
)


@dataclass(frozen=True, slots=True)
class Lack:
    """A member of a client's metadata that stands against the profile, and what it has to be."""

    member: str
    needs: str


@dataclass(frozen=True, slots=True)
class _Rule:
    member: str
    needs: str
    met: Callable[[Client], bool]


def _signs_well(member: str) -> _Rule:
    return _Rule(
        member, f"one of {', '.join(ALGORITHMS)}", lambda client: getattr(client, member) in (None, *ALGORITHMS)
    )


_RULES: Final = (
    _Rule(
        "token_endpoint_auth_method",
        f"one of {', '.join(_METHODS)}",
        lambda client: client.token_endpoint_auth_method in _METHODS,
    ),
    _Rule("require_pushed_authorization_requests", "true", lambda client: client.require_pushed_authorization_requests),
    _Rule(
        "dpop_bound_access_tokens",
        "true, or tls_client_certificate_bound_access_tokens",
        lambda client: client.dpop_bound_access_tokens or client.tls_client_certificate_bound_access_tokens,
    ),
    _Rule("require_pkce", "true", lambda client: client.require_pkce),
    _Rule(
        "redirect_uris",
        "https addresses alone",
        lambda client: all(urlsplit(uri).scheme == "https" for uri in client.redirect_uris),
    ),
    *(_signs_well(member) for member in _SIGNED),
    _Rule(
        "backchannel_authentication_request_signing_alg",
        f"one of {', '.join(ALGORITHMS)}, where citizens are asked for elsewhere (FAPI-CIBA section 5.2.2)",
        lambda client: (
            CIBA not in client.grant_types or client.backchannel_authentication_request_signing_alg in ALGORITHMS
        ),
    ),
)


def completed(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metadata with what a client of this profile need not say; another's as it is."""
    if metadata.get("profile") != FAPI2:
        return metadata
    by_certificate = metadata.get("tls_client_certificate_bound_access_tokens") is True
    return {**_DEFAULTS, "dpop_bound_access_tokens": not by_certificate, **metadata}


def lacks(client: Client) -> tuple[Lack, ...]:
    """What keeps a client from the profile, whichever it has."""
    return tuple(Lack(rule.member, rule.needs) for rule in _RULES if not rule.met(client))


def algorithms(client: Client, chosen: str | None = None) -> tuple[str, ...]:
    """What the client may sign with: what it registered, or any that its profile takes."""
    return (chosen,) if chosen else ALGORITHMS if client.profile == FAPI2 else CLIENT_ALGORITHMS
