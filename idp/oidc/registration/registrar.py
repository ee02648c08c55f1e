"""Client metadata from RFC 7591 JSON: each member proved by a rule of its own, into a `Client`; and back to JSON.

Members that we do not know are ignored (RFC 7591 section 2); those that ask for a protection we do not give are
refused, so that nobody believes to have it. Human-readable members may carry language tags (section 2.2).
"""

import re
from dataclasses import fields
from typing import Any, Final, Protocol, cast

from idp.citizens.pseudonyms import PAIRWISE, SUBJECT_TYPES
from idp.codec import builtins, encode
from idp.errors import InvalidClientMetadata, InvalidRedirectUri
from idp.login.assurance import OFFERED, acr
from idp.oidc.clients import fapi2
from idp.oidc.clients.client import (
    AUTHORIZATION_CODE,
    CLIENT_SECRET_BASIC,
    ELSEWHERE,
    FAPI2,
    GRANT_TYPES,
    MTLS_METHODS,
    NONE,
    OF_CLIENTS,
    PROFILES,
    REFRESH_TOKEN,
    STANDARD,
    Client,
    answered_elsewhere,
)
from idp.oidc.provider import Engine
from idp.oidc.registration.addresses import called, framed, link_of, redirect_uris_of
from idp.oidc.registration.answers import answers
from idp.oidc.registration.binding import binding, needed_for
from idp.oidc.registration.ciba import ciba
from idp.oidc.registration.members import Metadata, boolean, one_of, parse, seconds, string, strings, subset
from idp.oidc.registration.notice import LINKS, TEXTS, name_of, notice
from idp.oidc.registration.sector import Sectors
from idp.oidc.registration.signing import incoming, keys_uri, own_keys, signing_alg
from idp.oidc.registration.statement import SoftwareStatements
from idp.oidc.resources.authorization_details import TYPES
from idp.oidc.resources.resources import Resource
from idp.oidc.scopes import OFFLINE_ACCESS, OPENID, SCOPES

MAX_SCOPE: Final = 800
"""Bytes as JSON; every event of a token names its scopes, and has an end."""
_NAMES_A_SCOPE: Final = re.compile(r"(?!.*[0-9]{6})[A-Za-z][A-Za-z0-9:._/-]{0,38}")
"""Nothing that is secret or personal looks like this."""
NOT_SHOWN: Final = (
    "client_secret_digest",
    "client_secret_salt",
    "registration_token_digest",
    "sector",
    "set_by_operator",
)


def ignored(document: bytes) -> tuple[str, ...]:
    """Members of a document that was proved, without their languages, that do nothing here: misspelt ones, too."""
    names = {name.partition("#")[0] for name in parse(document)}
    return tuple(sorted(names - {member.name for member in fields(Client)}))


class ScopeSource(Protocol):
    def of_scope(self, scope: str) -> Resource | None: ...


class Registrar:
    def __init__(
        self,
        engine: Engine,
        sectors: Sectors,
        statements: SoftwareStatements,
        default_scope: tuple[str, ...],
        resources: ScopeSource,
    ) -> None:
        self._engine = engine
        self._sectors = sectors
        self._statements = statements
        self._default_scope = default_scope
        self._resources = resources

    def prove(self, document: bytes, require_pkce: bool = True) -> Client:
        """A client without id and secret. `require_pkce`: whether one that can keep a secret has to send a challenge,
        where the document does not say. Raises the errors of RFC 7591 section 3.2.2, or `TooManyRequests` if too many
        of them wait for other servers."""
        client = self._proved(fapi2.completed(self._statements.applied(parse(document))), require_pkce)
        missing = fapi2.lacks(client) if client.profile == FAPI2 else ()
        if missing:
            raise InvalidClientMetadata(f"fapi2: {missing[0].member} has to be {missing[0].needs}")
        return client

    def _proved(self, metadata: Metadata, usual_pkce: bool) -> Client:
        method = self._method(metadata)
        subject_type = one_of(metadata, "subject_type", SUBJECT_TYPES, PAIRWISE)
        self._engine.match_registration(_for_engine(metadata))
        application_type = one_of(metadata, "application_type", ("web", "native"), "web")
        grants = _grants(metadata, method)
        redirect_uris = _answered_at(metadata, application_type, grants)
        require_pkce = boolean(metadata, "require_pkce", default=usual_pkce or method == NONE)
        if method == NONE and not require_pkce:
            raise InvalidClientMetadata("a public client cannot do without PKCE")
        scope = self._scope(metadata, grants)
        sector_identifier_uri = called(metadata, "sector_identifier_uri")
        requests, elsewhere = incoming(metadata), ciba(metadata, grants, method)
        keys = own_keys(metadata, method, requests | elsewhere)
        return Client(
            client_id="",
            client_id_issued_at=0,
            redirect_uris=redirect_uris,
            client_name=name_of(metadata, redirect_uris),
            token_endpoint_auth_method=method,
            token_endpoint_auth_signing_alg=signing_alg(metadata, method),
            **keys,
            grant_types=grants,
            response_types=_response_types(metadata) if AUTHORIZATION_CODE in grants else (),
            scope=scope,
            authorization_details_types=subset(metadata, "authorization_details_types", TYPES, ()),
            application_type=application_type,
            subject_type=subject_type,
            sector_identifier_uri=sector_identifier_uri,
            **answers(metadata, keys),
            require_pkce=require_pkce,
            **requests,
            **elsewhere,
            **binding(metadata, method, bool(self._engine.metadata["tls_client_certificate_bound_access_tokens"])),
            **_wishes(metadata),
            **_software(metadata),
            **_leaving(metadata, application_type, redirect_uris),
            optional_scopes=_optional(metadata, scope),
            **notice(metadata),
            profile=one_of(metadata, "profile", PROFILES, STANDARD),
            sector=self._sectors.of(
                redirect_uris, sector_identifier_uri, keys_uri(keys, method), answered_elsewhere(grants)
            ),
        )

    def _method(self, metadata: Metadata) -> str:
        """How the client authenticates (RFC 7591 section 2); those by a certificate only where an operator lets us know
        of certificates, so that the refusal says how."""
        offered = tuple(cast("list[str]", self._engine.metadata["token_endpoint_auth_methods_supported"]))
        asked = string(metadata, "token_endpoint_auth_method")
        if asked in MTLS_METHODS and asked not in offered:
            raise InvalidClientMetadata(f"{asked} is offered once the operator has set {needed_for(asked)}")
        return one_of(metadata, "token_endpoint_auth_method", offered, CLIENT_SECRET_BASIC)

    def _scope(self, metadata: Metadata, grants: tuple[str, ...]) -> tuple[str, ...]:
        """The scopes the client may ask for; those it does not name are not its own (RFC 7591 section 2). Those of
        citizens go with a sign-in, those of resource servers with every grant. Who names none and would refresh may
        ask for what a refresh token is given for (OIDC Core section 11)."""
        signs_in, text = not set(grants) <= set(OF_CLIENTS), string(metadata, "scope")
        if text is None:
            lasting = (OFFLINE_ACCESS,) if REFRESH_TOKEN in grants else ()
            return (*self._default_scope, *lasting) if signs_in else ()
        asked = tuple(dict.fromkeys(text.split()))
        if signs_in and OPENID not in asked:
            raise InvalidClientMetadata("scope has to name openid")
        elsewhere = {scope for scope in asked if scope not in SCOPES and self._resources.of_scope(scope)}
        refused = [scope for scope in asked if scope not in elsewhere | set(SCOPES if signs_in else ())]
        if refused:
            raise InvalidClientMetadata(_refusal(refused[0], signs_in))
        if len(encode(asked)) > MAX_SCOPE:
            raise InvalidClientMetadata(f"scope is longer than {MAX_SCOPE} bytes")
        return asked


def _refusal(scope: str, signs_in: bool) -> str:
    if signs_in:
        return f"scope names {_said(scope)} is offered neither here nor by a resource server"
    return f"scope names {_said(scope)} no resource server offers, and no citizen signs in at this client"


def _said(scope: str) -> str:
    """What stands in the place of a scope may be anything: it is repeated if it looks like one."""
    return f"{scope}, which" if _NAMES_A_SCOPE.fullmatch(scope) else "something that"


def describe(client: Client) -> dict[str, Any]:
    """The client as RFC 7591 JSON, without its secret; the members that are ours stand under their own names."""
    document: dict[str, Any] = {}
    for name, value in builtins(client).items():
        if name in NOT_SHOWN or value in (None, (), [], {}, ""):
            continue
        if name in TEXTS + LINKS:
            document |= {f"{name}#{tag}" if tag else name: text for tag, text in value.items()}
        else:
            document[name] = " ".join(value) if name == "scope" else value
    return document


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


def _answered_at(metadata: Metadata, application_type: str, grants: tuple[str, ...]) -> tuple[str, ...]:
    uris = redirect_uris_of(metadata, "redirect_uris", application_type)
    if not uris and AUTHORIZATION_CODE in grants:
        raise InvalidRedirectUri("redirect_uris is missing")
    return uris


def _wishes(metadata: Metadata) -> dict[str, Any]:
    """What it asks of a sign-in where its request does not say (OIDC Registration section 2)."""
    return {
        "default_max_age": seconds(metadata, "default_max_age"),
        "require_auth_time": boolean(metadata, "require_auth_time", default=False),
        "default_acr_values": subset(metadata, "default_acr_values", tuple(map(acr, OFFERED)), ()),
    }


def _leaving(metadata: Metadata, application_type: str, redirect_uris: tuple[str, ...]) -> dict[str, Any]:
    """RP-Initiated Logout section 3.1, Back-Channel Logout section 2.2, Front-Channel Logout section 2."""
    frontchannel = string(metadata, "frontchannel_logout_uri")
    return {
        "post_logout_redirect_uris": redirect_uris_of(metadata, "post_logout_redirect_uris", application_type),
        "backchannel_logout_uri": called(metadata, "backchannel_logout_uri"),
        "backchannel_logout_session_required": boolean(metadata, "backchannel_logout_session_required", default=False),
        "frontchannel_logout_uri": None if frontchannel is None else framed(frontchannel, redirect_uris),
        "frontchannel_logout_session_required": boolean(
            metadata, "frontchannel_logout_session_required", default=False
        ),
    }


def _software(metadata: Metadata) -> dict[str, Any]:
    """What it is, and where a sign-in at it is begun by others (RFC 7591 section 2, OIDC Core section 4)."""
    initiate = string(metadata, "initiate_login_uri")
    return {
        "initiate_login_uri": None if initiate is None else link_of(initiate, "initiate_login_uri"),
        "software_statement": metadata.get("software_statement"),
        **{name: string(metadata, name) for name in ("software_id", "software_version")},
    }


def _grants(metadata: Metadata, method: str) -> tuple[str, ...]:
    """RFC 7591 section 2.1: the response type `code` goes with the grant that redeems it. A client to which no citizen
    comes needs none; one that only introspects has no grant at all."""
    offline = OFFLINE_ACCESS in (string(metadata, "scope") or "").split()
    usual = (AUTHORIZATION_CODE, REFRESH_TOKEN) if offline else (AUTHORIZATION_CODE,)
    grants = subset(metadata, "grant_types", GRANT_TYPES, usual)
    nobody = set(grants) <= set(OF_CLIENTS) and (grants or not metadata.get("redirect_uris"))
    if not nobody and not set(grants) & {AUTHORIZATION_CODE, *ELSEWHERE}:
        raise InvalidClientMetadata("grant_types without one by which a citizen signs in")
    if AUTHORIZATION_CODE not in grants and metadata.get("response_types"):
        raise InvalidClientMetadata("response_types without the grant that redeems them")
    if method == NONE and (set(OF_CLIENTS) & set(grants) or not grants):
        raise InvalidClientMetadata("a public client cannot act for itself (RFC 6749 section 4.4)")
    return grants


def _response_types(metadata: Metadata) -> tuple[str, ...]:
    """Of those a client would use, the one we offer."""
    if "code" not in (strings(metadata, "response_types") if "response_types" in metadata else ("code",)):
        raise InvalidClientMetadata("response_types without code")
    return ("code",)


def _optional(metadata: Metadata, scope: tuple[str, ...]) -> tuple[str, ...]:
    """Without openid there is no sign-in, so it cannot be optional."""
    optional = strings(metadata, "optional_scopes") if "optional_scopes" in metadata else ()
    for each in optional:
        if each == OPENID:
            raise InvalidClientMetadata("optional_scopes names openid, without which there is no sign-in")
        if each not in scope:
            raise InvalidClientMetadata(f"optional_scopes names {_said(each)} scope does not name")
    return optional
