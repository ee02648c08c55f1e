"""A registered relying party: the RFC 7591 metadata we act on, as a frozen dataclass.

`idp.oidc.registration` makes it from JSON, proves it and keeps it; `directory.py` looks it up. Human-readable members
may carry a language (`client_name#zh-CN`, RFC 7591 section 2.2): they are kept as a mapping from language tag to text,
with "" for the plain one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol
from urllib.parse import urlsplit

from idp.citizens.pseudonyms import PAIRWISE
from idp.login.party import CONSENT, RelyingParty

CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, CLIENT_SECRET_JWT = SECRET_METHODS = (
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
)
PRIVATE_KEY_JWT: Final = "private_key_jwt"
ASSERTION_METHODS: Final = (CLIENT_SECRET_JWT, PRIVATE_KEY_JWT)
"""By a JWT (RFC 7523)."""
TLS_CLIENT_AUTH, SELF_SIGNED_TLS_CLIENT_AUTH = MTLS_METHODS = ("tls_client_auth", "self_signed_tls_client_auth")
"""By a certificate (RFC 8705 section 2); offered where a proxy tells of it."""
NONE: Final = "none"
"""Of a public client."""
AUTH_METHODS: Final = (*SECRET_METHODS, PRIVATE_KEY_JWT, NONE)
"""How a client may authenticate at the token endpoint (OIDC Core section 9)."""
AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, DEVICE_CODE, CIBA, TOKEN_EXCHANGE = GRANT_TYPES = (
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:openid:params:grant-type:ciba",
    "urn:ietf:params:oauth:grant-type:token-exchange",
)
OF_CLIENTS: Final = (CLIENT_CREDENTIALS, TOKEN_EXCHANGE)
"""Grants in which no citizen is asked anything."""
ELSEWHERE: Final = (DEVICE_CODE, CIBA)
"""Grants that a citizen gives in a browser which is not sent back."""
STANDARD, FAPI2 = PROFILES = ("standard", "fapi2")
"""By which rules a client is held (`fapi2.py`)."""
POLL, PING = DELIVERY_MODES = ("poll", "ping")
"""How a client learns that a citizen has answered (CIBA Core section 5)."""
PROTECTED: Final = ("id_token", "userinfo", "authorization", "introspection")
"""Answers that a client may have signed and encrypted (OIDC Registration section 2, JARM 1.0 sections 3 and 4, RFC 9701
sections 6 and 7)."""


@dataclass(frozen=True, slots=True)
class Client:
    """Members have the names of RFC 7591 section 2 and OIDC Registration section 2. `client_secret_digest` is None for
    a public client; `client_id_issued_at` is seconds since the epoch, `default_max_age` seconds."""

    client_id: str
    client_id_issued_at: int
    redirect_uris: tuple[str, ...]
    client_name: Mapping[str, str]
    token_endpoint_auth_method: str = CLIENT_SECRET_BASIC
    token_endpoint_auth_signing_alg: str | None = None
    """What it signs assertions with; None: any that is offered."""
    jwks: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    """Its public keys (RFC 7517 section 5); `idp.oidc.clients.client_keys` reads them."""
    jwks_uri: str | None = None
    """Where it publishes them instead."""
    client_secret_digest: str | None = None
    client_secret_salt: str | None = None
    """What its secret is made of, where the secret itself is needed (`client_secrets.py`)."""
    client_secret_expires_at: int = 0
    registration_token_digest: str | None = None
    """Of what the client is managed with (RFC 7592); None for one that an operator registered."""
    grant_types: tuple[str, ...] = (AUTHORIZATION_CODE,)
    response_types: tuple[str, ...] = ("code",)
    scope: tuple[str, ...] = ("openid",)
    authorization_details_types: tuple[str, ...] = ()
    """What it may ask in `authorization_details` (RFC 9396 section 10)."""
    application_type: str = "web"
    subject_type: str = PAIRWISE
    sector: str = ""
    """Host that pairwise subjects are computed for (OIDC Core section 8.1); fixed at registration."""
    sector_identifier_uri: str | None = None
    id_token_signed_response_alg: str = "RS256"
    id_token_encrypted_response_alg: str | None = None
    """None: not encrypted; `…_enc` is None then, too (OIDC Registration section 2), here and below."""
    id_token_encrypted_response_enc: str | None = None
    userinfo_signed_response_alg: str | None = None
    """None: plain JSON (OIDC Core section 5.3.2)."""
    userinfo_encrypted_response_alg: str | None = None
    userinfo_encrypted_response_enc: str | None = None
    authorization_signed_response_alg: str | None = None
    """None: RS256, where a request asks for a JWT (JARM 1.0 section 3)."""
    authorization_encrypted_response_alg: str | None = None
    authorization_encrypted_response_enc: str | None = None
    introspection_signed_response_alg: str | None = None
    """None: plain JSON, and RS256 where a request asks for a JWT (RFC 9701 section 6)."""
    introspection_encrypted_response_alg: str | None = None
    introspection_encrypted_response_enc: str | None = None
    require_pkce: bool = True
    require_pushed_authorization_requests: bool = False
    request_object_signing_alg: str | None = None
    """What it signs its requests with; None: any that is offered."""
    request_object_encryption_alg: str | None = None
    """What it says that it may encrypt them with (OIDC Registration section 2); any that is offered is taken."""
    request_object_encryption_enc: str | None = None
    require_signed_request_object: bool = False
    dpop_bound_access_tokens: bool = False
    """Whether it asks for no token that is not bound to a key (RFC 9449 section 5.2)."""
    tls_client_certificate_bound_access_tokens: bool = False
    """Whether its tokens are bound to its certificate (RFC 8705 section 3.4)."""
    tls_client_auth_subject_dn: str | None = None
    tls_client_auth_san_dns: str | None = None
    tls_client_auth_san_uri: str | None = None
    tls_client_auth_san_ip: str | None = None
    tls_client_auth_san_email: str | None = None
    default_max_age: int | None = None
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_token_delivery_mode: str = ""
    backchannel_client_notification_endpoint: str | None = None
    backchannel_user_code_parameter: bool = False
    """Whether it sends the citizen's code with each request (CIBA Core section 4)."""
    backchannel_authentication_request_signing_alg: str | None = None
    """What it signs its requests at /ciba with; None: they need not be signed (CIBA Core section 4)."""
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    """Logout tokens carry `sid` always."""
    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool = False
    """The address gets `iss` and `sid` always."""
    initiate_login_uri: str | None = None
    """Where others begin a sign-in at it (OIDC Core section 4)."""
    software_id: str | None = None
    software_version: str | None = None
    software_statement: str | None = None
    """As it came (RFC 7591 section 3.2.1)."""
    client_uri: Mapping[str, str] = field(default_factory=dict)
    logo_uri: Mapping[str, str] = field(default_factory=dict)
    policy_uri: Mapping[str, str] = field(default_factory=dict)
    tos_uri: Mapping[str, str] = field(default_factory=dict)
    contacts: tuple[str, ...] = ()
    # our own members
    profile: str = STANDARD
    set_by_operator: tuple[str, ...] = ()
    """Members that its developer may not weaken (`registration/safeguards.py`)."""
    lawful_basis: str = CONSENT
    """`consent`, or `statutory_duty` with the rule it rests on in `lawful_basis_rule` (PIPL article 13)."""
    lawful_basis_rule: str = ""
    purpose: Mapping[str, str] = field(default_factory=dict)
    """Why the client asks, in words for the citizen (PIPL article 17)."""
    retention: Mapping[str, str] = field(default_factory=dict)
    """How long the client keeps what it gets, in words for the citizen."""
    optional_scopes: tuple[str, ...] = ()
    """Scopes the citizen may leave out without being refused (PIPL article 16)."""
    enabled: bool = True

    @property
    def confidential(self) -> bool:
        """RFC 6749 section 2.1."""
        return self.token_endpoint_auth_method != NONE

    @property
    def vetted(self) -> bool:
        """Whether an operator knows who it is: nobody else can be it, and it did not register itself."""
        return self.confidential and self.registration_token_digest is None

    @property
    def _place(self) -> str:
        """Where the citizen is sent back to, as it is shown: a host, or the scheme of an app of its own. A client to
        which nobody is sent back has its page, if it has one."""
        if not self.redirect_uris:
            return urlsplit(next(iter(self.client_uri.values()), "")).netloc
        parts = urlsplit(self.redirect_uris[0])
        return parts.netloc or f"{parts.scheme}:"

    @property
    def party(self) -> RelyingParty:
        """The client as the citizen meets it."""
        return RelyingParty(
            id=self.client_id,
            name=self.client_name,
            host=self._place,
            uri=self.client_uri,
            policy_uri=self.policy_uri,
            purpose=self.purpose,
            retention=self.retention,
            lawful_basis=self.lawful_basis,
            lawful_basis_rule=self.lawful_basis_rule,
            optional=self.optional_scopes,
            tos_uri=self.tos_uri,
        )

    @property
    def party_elsewhere(self) -> RelyingParty:
        """The same to a citizen who answers it elsewhere: without an address where it registered itself, for nothing is
        sent there, so that it could be that of anybody whom citizens trust."""
        return self.party if self.registration_token_digest is None else replace(self.party, host="")


class ClientSource(Protocol):
    """Where clients are looked up."""

    def get(self, client_id: str) -> Client | None:
        """The client, enabled or not."""
        ...


def enabled(clients: ClientSource, client_id: str) -> Client | None:
    """The client, where there is one that is not disabled."""
    client = clients.get(client_id)
    return client if client is not None and client.enabled else None


def answered_elsewhere(grant_types: Iterable[str]) -> bool:
    """Whether, by one of these grants, a client is answered at no redirect address of its own."""
    return not set(grant_types).isdisjoint(ELSEWHERE)
