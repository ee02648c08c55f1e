"""The portals are made known to the provider, as anybody's would be: by RFC 7591 metadata, or by SAML metadata."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from federation.saml.algorithms import RSA
from federation.saml.credentials import new_credential
from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.codec import decode, encode
from idp.demo.places import HOST, Places, keep
from idp.demo.portal_settings import OidcSettings, SamlSettings
from idp.demo.service_provider import METADATA, metadata
from idp.demo.themes import THEMES, AsksByOidc, AsksBySaml
from idp.demo.words import CHINESE, ENGLISH, Text
from idp.saml.registry import ServiceProviderRegistry
from idp.saml.service_provider import Terms
from idp.services import Services

ACTOR = "demo"


def register(services: Services, places: Places, number: int) -> None:
    """A portal that knows its registration keeps it; one whose registration is gone, or that moved, gets a new one."""
    asks = THEMES[number].asks
    if isinstance(asks, AsksBySaml):
        _by_metadata(services, places, number, asks)
    else:
        _by_client_metadata(services, places, number, asks)


def _others(places: Places, number: int) -> Mapping[str, str]:
    return {theme.key: places.portal_url(each) for each, theme in enumerate(THEMES) if each != number}


def _by_client_metadata(services: Services, places: Places, number: int, asks: AsksByOidc) -> None:
    file, others = places.portal_file(number), _others(places, number)
    if file.exists():
        known = decode(file.read_bytes(), OidcSettings)
        if known.issuer == places.issuer and services.clients.get(known.client_id) is not None:
            keep(file, encode(replace(known, others=others)))
            return
    registered = services.clients.add(encode(client_metadata(places, number, asks)))
    client_id = registered.client.client_id
    services.record(event(EventType.CLIENT_ADDED, services.clock.now(), actor=ACTOR, client_id=client_id))
    settings = OidcSettings(
        theme=THEMES[number].key,
        url=places.portal_url(number),
        issuer=places.issuer,
        others=others,
        client_id=client_id,
        client_secret=registered.client_secret or "",
        scope=" ".join(asks.scope),
        id_token_signed_response_alg=asks.signed_by,
    )
    keep(file, encode(settings))


def client_metadata(places: Places, number: int, asks: AsksByOidc) -> dict[str, Any]:
    """What the portal registers with (RFC 7591 section 2, OIDC Registration, RP-Initiated and Back-Channel Logout)."""
    theme, url = THEMES[number], places.portal_url(number)
    return {
        "redirect_uris": [f"{url}/callback"],
        "post_logout_redirect_uris": [f"{url}/signed-out"],
        "backchannel_logout_uri": f"{url}/backchannel-logout",
        "backchannel_logout_session_required": True,
        "client_uri": url,
        "scope": " ".join(asks.scope),
        "optional_scopes": list(asks.optional),
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": asks.signed_by,
        "lawful_basis": "consent",
        **_in_both_languages("client_name", theme.office),
        **_in_both_languages("purpose", theme.purpose),
        **_in_both_languages("retention", theme.retention),
    }


def _in_both_languages(name: str, text: Text) -> dict[str, str]:
    return {name: text.chinese, f"{name}#zh-CN": text.chinese, f"{name}#en": text.english}


def _by_metadata(services: Services, places: Places, number: int, asks: AsksBySaml) -> None:
    """With a key of its own, which it keeps."""
    file, theme = places.portal_file(number), THEMES[number]
    known = decode(file.read_bytes(), SamlSettings) if file.exists() else None
    private_key, certificate = (known.private_key, known.certificate) if known else _new_key(services)
    settings = SamlSettings(
        theme=theme.key,
        url=places.portal_url(number),
        issuer=places.issuer,
        others=_others(places, number),
        private_key=private_key,
        certificate=certificate,
    )
    registry = ServiceProviderRegistry(services.records.service_providers, services.clock, services.versions)
    if known == settings and registry.find(f"{settings.url}{METADATA}"):
        return
    keep(file, encode(settings))
    terms = Terms(
        name=_by_language(theme.office),
        purpose=_by_language(theme.purpose),
        retention=_by_language(theme.retention),
        attributes=asks.allowed,
    )
    added = registry.add(metadata(settings), terms)
    services.record(
        event(EventType.SERVICE_PROVIDER_SAVED, services.clock.now(), actor=ACTOR, client_id=added.party_id)
    )


def _new_key(services: Services) -> tuple[str, str]:
    made = new_credential(RSA, HOST, int(services.clock.now()))
    pem = base64.encodebytes(made.private_der).decode("ascii")
    return f"-----BEGIN PRIVATE KEY-----\n{pem}-----END PRIVATE KEY-----\n", made.certificate


def _by_language(text: Text) -> dict[str, str]:
    return {CHINESE: text.chinese, ENGLISH: text.english}
