"""Client metadata from RFC 7591 JSON: each member proved by a rule of its own, into a `Client`; and back to JSON.

Members that we do not know are ignored (RFC 7591 section 2); those that ask for a protection we do not give are
refused, so that nobody believes to have it. Human-readable members may carry language tags (section 2.2).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final
from urllib.parse import urlsplit

from idp.codec import Malformed, builtins, decode
from idp.errors import InvalidClientMetadata, InvalidRedirectUri
from idp.oidc.client import AUTH_METHODS, GRANT_TYPES, Client
from idp.oidc.provider import Engine
from idp.oidc.scopes import OFFLINE_ACCESS, OPENID, SCOPES

MAX_LENGTH: Final = 65_536
MAX_URIS: Final = 50
MAX_TEXT: Final = 2_000
_BASES: Final = ("consent", "statutory_duty")
_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_PRIVATE_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|[0-9a-f:.]+", re.ASCII)
"""A name, or an IPv6 address without its brackets, as `urlsplit` gives it. Other hosts mean different things to
different parsers."""
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_TEXTS: Final = ("client_name", "purpose", "retention")
_LINKS: Final = ("client_uri", "logo_uri", "policy_uri", "tos_uri")
_NOT_OFFERED: Final = (
    "sector_identifier_uri",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "authorization_signed_response_alg",
    "request_object_signing_alg",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "require_signed_request_object",
    "require_pushed_authorization_requests",
    "token_endpoint_auth_signing_alg",
    "tls_client_certificate_bound_access_tokens",
    "dpop_bound_access_tokens",
)

Metadata = Mapping[str, Any]


def ignored(document: bytes) -> tuple[str, ...]:
    """Members of a document that was proved, without their languages, that do nothing here: misspelt ones, too."""
    names = {name.partition("#")[0] for name in _parse(document)}
    return tuple(sorted(names - {member.name for member in fields(Client)} - set(_NOT_OFFERED)))


class Registrar:
    def __init__(self, engine: Engine, default_scope: tuple[str, ...]) -> None:
        self._engine = engine
        self._default_scope = default_scope

    def prove(self, document: bytes) -> Client:
        """A client without id and secret. Raises `InvalidClientMetadata` or `InvalidRedirectUri`."""
        metadata = _parse(document)
        _only_what_is_offered(metadata)
        self._engine.match_registration(_for_engine(metadata))
        application_type = _one_of(metadata, "application_type", ("web", "native"), "web")
        redirect_uris = _redirect_uris(metadata, "redirect_uris", application_type)
        if not redirect_uris:
            raise InvalidRedirectUri("redirect_uris is missing")
        method = _one_of(metadata, "token_endpoint_auth_method", AUTH_METHODS, "client_secret_basic")
        require_pkce = _boolean(metadata, "require_pkce", default=True)
        if method == "none" and not require_pkce:
            raise InvalidClientMetadata("a public client cannot do without PKCE")
        scope = self._scope(metadata)
        sector = _sector(redirect_uris)
        return Client(
            client_id="",
            client_id_issued_at=0,
            redirect_uris=redirect_uris,
            client_name=_texts(metadata, "client_name") or {"": sector},
            token_endpoint_auth_method=method,
            grant_types=_grants(metadata, scope),
            response_types=_response_types(metadata),
            scope=scope,
            application_type=application_type,
            subject_type=_one_of(metadata, "subject_type", ("pairwise", "public"), "pairwise"),
            sector=sector,
            id_token_signed_response_alg=_one_of(metadata, "id_token_signed_response_alg", ("RS256", "ES256"), "RS256"),
            require_pkce=require_pkce,
            default_max_age=_seconds(metadata, "default_max_age"),
            require_auth_time=_boolean(metadata, "require_auth_time", default=False),
            default_acr_values=_strings(metadata, "default_acr_values"),
            post_logout_redirect_uris=_redirect_uris(metadata, "post_logout_redirect_uris", application_type),
            backchannel_logout_uri=_backchannel(metadata),
            contacts=_strings(metadata, "contacts"),
            lawful_basis=_one_of(metadata, "lawful_basis", _BASES, "consent"),
            lawful_basis_rule=_rule(metadata),
            purpose=_texts(metadata, "purpose"),
            retention=_texts(metadata, "retention"),
            optional_scopes=_subset(metadata, "optional_scopes", _beyond_openid(scope), ()),
            client_uri=_texts(metadata, "client_uri"),
            logo_uri=_texts(metadata, "logo_uri"),
            policy_uri=_texts(metadata, "policy_uri"),
            tos_uri=_texts(metadata, "tos_uri"),
        )

    def _scope(self, metadata: Metadata) -> tuple[str, ...]:
        """The scopes the client may ask for; those it does not name are not its own (RFC 7591 section 2)."""
        text = _string(metadata, "scope")
        if text is None:
            return self._default_scope
        asked = tuple(dict.fromkeys(text.split()))
        if OPENID not in asked or not set(asked) <= set(SCOPES):
            raise InvalidClientMetadata("scope has to name openid, and only scopes that are offered")
        return asked


def redirect_uri(uri: str, application_type: str) -> str:
    """A redirect address that may be registered (RFC 9700 section 2.1, RFC 8252 section 7, OIDC Registration section
    2).

    https anywhere; http for loopback hosts only, or private schemes with a dot, for native clients. Raises
    `InvalidRedirectUri`.
    """
    if not uri.isascii() or not uri.isprintable() or any(sign in uri for sign in ' "<>\\^`{|}*#'):
        raise InvalidRedirectUri("characters that no redirect address has")
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise InvalidRedirectUri("not a URI") from None
    if parts.username is not None or parts.password is not None:
        raise InvalidRedirectUri("user information before the host")
    if host and not _HOST.fullmatch(host):
        raise InvalidRedirectUri("the host has characters that no host has")
    if parts.scheme == "https" and host:
        return uri
    if parts.scheme == "http" and host in _LOOPBACK:
        return uri
    if (
        application_type == "native"
        and _PRIVATE_SCHEME.fullmatch(parts.scheme)
        and not parts.netloc
        and parts.path.startswith("/")
    ):
        return uri
    raise InvalidRedirectUri("https with a host is asked, or http on a loopback host")


def link(uri: str) -> str:
    """A page or picture that citizens are pointed to and that we never fetch. Raises `InvalidClientMetadata`."""
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidClientMetadata("not a URI") from None
    if (
        not uri.isprintable()
        or any(sign in uri for sign in " \\")
        or parts.username is not None  # what stands before an @ is easily taken for the host
        or not _HOST.fullmatch(host)
        or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
    ):
        raise InvalidClientMetadata("not an https address")
    return uri


def describe(client: Client) -> dict[str, Any]:
    """The client as RFC 7591 JSON, without its secret; the members that are ours stand under their own names."""
    document: dict[str, Any] = {}
    for name, value in builtins(client).items():
        if name in ("client_secret_digest", "sector") or value in (None, (), [], {}, ""):
            continue
        if name in _TEXTS + _LINKS:
            document |= {f"{name}#{tag}" if tag else name: text for tag, text in value.items()}
        else:
            document[name] = " ".join(value) if name == "scope" else value
    return document


def _parse(document: bytes) -> Metadata:
    if len(document) > MAX_LENGTH:
        raise InvalidClientMetadata("too long")
    try:
        metadata = decode(document, dict[str, Any])
        json.loads(document, object_pairs_hook=_unique)
    except (Malformed, ValueError, RecursionError):
        raise InvalidClientMetadata("not a JSON object, or a member stands twice") from None
    return metadata


def _unique(members: list[tuple[str, Any]]) -> None:
    """Of a member that stands twice, one reader takes the first and another the last (RFC 8259 section 4)."""
    if len({name for name, _ in members}) < len(members):
        raise ValueError


def _only_what_is_offered(metadata: Metadata) -> None:
    for name in _NOT_OFFERED:
        if metadata.get(name) not in (None, False):
            raise InvalidClientMetadata(f"{name} is not offered")


def _for_engine(metadata: Metadata) -> dict[str, Any]:
    """What pyop matches with the provider's configuration; it expects defaults to be there."""
    names = (
        "id_token_signed_response_alg",
        "subject_type",
        "token_endpoint_auth_method",
        "response_types",
        "grant_types",
        "default_acr_values",
    )
    chosen = {name: metadata[name] for name in names if name in metadata}
    return {"redirect_uris": ["https://any.invalid/"], "response_types": ["code"]} | chosen


def _string(metadata: Metadata, name: str) -> str | None:
    value = metadata.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable()):
        raise InvalidClientMetadata(f"{name} is not a short line of text")
    return value


def _strings(metadata: Metadata, name: str) -> tuple[str, ...]:
    values = metadata.get(name, [])
    if (
        not isinstance(values, list)
        or len(values) > MAX_URIS
        or not all(isinstance(value, str) and len(value) <= MAX_TEXT for value in values)
    ):
        raise InvalidClientMetadata(f"{name} is not a short list of texts")
    return tuple(dict.fromkeys(values))


def _redirect_uris(metadata: Metadata, name: str, application_type: str) -> tuple[str, ...]:
    try:
        return tuple(redirect_uri(uri, application_type) for uri in _strings(metadata, name))
    except InvalidClientMetadata as error:
        raise InvalidRedirectUri(error.detail) from None
    except InvalidRedirectUri as error:
        raise InvalidRedirectUri(f"{name}: {error.detail}") from None


def _link(text: str, name: str) -> str:
    try:
        return link(text)
    except InvalidClientMetadata as error:
        raise InvalidClientMetadata(f"{name}: {error.detail}") from None


def _subset(metadata: Metadata, name: str, of: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
    values = _strings(metadata, name) if name in metadata else default
    if not set(values) <= set(of):
        raise InvalidClientMetadata(f"{name} has a value that is not offered")
    return values


def _one_of(metadata: Metadata, name: str, allowed: tuple[str, ...], default: str) -> str:
    value = _string(metadata, name)
    if value is not None and value not in allowed:
        raise InvalidClientMetadata(f"{name} is not one of {', '.join(allowed)}")
    return value or default


def _boolean(metadata: Metadata, name: str, default: bool) -> bool:
    value = metadata.get(name, default)
    if not isinstance(value, bool):
        raise InvalidClientMetadata(f"{name} is not a boolean")
    return value


def _seconds(metadata: Metadata, name: str) -> int | None:
    value = metadata.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**9):
        raise InvalidClientMetadata(f"{name} is not a number of seconds")
    return value


def _texts(metadata: Metadata, name: str) -> dict[str, str]:
    """A human-readable member with all its languages."""
    texts: dict[str, str] = {}
    for member in metadata:
        base, _, tag = member.partition("#")
        if base == name and (text := _string(metadata, member)):
            if tag and not _TAG.fullmatch(tag):
                raise InvalidClientMetadata(f"{name} has an unknown language tag")
            texts[tag] = _link(text, name) if name in _LINKS else text
    return texts


def _rule(metadata: Metadata) -> str:
    """A statutory duty rests on a rule that can be named (PIPL article 13)."""
    rule = _string(metadata, "lawful_basis_rule") or ""
    if metadata.get("lawful_basis") == "statutory_duty" and not rule:
        raise InvalidClientMetadata("lawful_basis_rule is missing")
    return rule


def _backchannel(metadata: Metadata) -> str | None:
    """OIDC Back-Channel Logout section 2.2: absolute, no fragment."""
    uri = _string(metadata, "backchannel_logout_uri")
    if uri is None:
        return None
    if "#" in uri:
        raise InvalidClientMetadata("backchannel_logout_uri has a fragment")
    return _link(uri, "backchannel_logout_uri")


def _sector(redirect_uris: tuple[str, ...]) -> str:
    """The host that pairwise subjects are computed for (OIDC Core section 8.1). All redirect addresses must share
    it; loopback hosts are one, for an app listens at whichever it can (RFC 8252 section 8.3)."""
    hosts = {urlsplit(uri).hostname or urlsplit(uri).scheme for uri in redirect_uris}
    if hosts <= set(_LOOPBACK):
        return _LOOPBACK[0]
    if len(hosts) > 1:
        raise InvalidClientMetadata(
            "redirect_uris of several hosts need a sector_identifier_uri, which is not offered yet"
        )
    return hosts.pop()


def _grants(metadata: Metadata, scope: tuple[str, ...]) -> tuple[str, ...]:
    """RFC 7591 section 2.1: the response type `code` goes with the grant that redeems it."""
    grants = _subset(metadata, "grant_types", GRANT_TYPES, GRANT_TYPES if OFFLINE_ACCESS in scope else GRANT_TYPES[:1])
    if GRANT_TYPES[0] not in grants:
        raise InvalidClientMetadata("grant_types without authorization_code")
    return grants


def _response_types(metadata: Metadata) -> tuple[str, ...]:
    """Of those a client would use, the one we offer."""
    if "code" not in (_strings(metadata, "response_types") if "response_types" in metadata else ("code",)):
        raise InvalidClientMetadata("response_types without code")
    return ("code",)


def _beyond_openid(scope: tuple[str, ...]) -> tuple[str, ...]:
    """Without openid there is no sign-in, so it cannot be optional."""
    return tuple(each for each in scope if each != OPENID)
