"""Citizens and clients, put in where they are missing, so that a second run finds what the first one left.

They come in as anybody's would: citizens through the registry, portals by RFC 7591 metadata.
"""

from collections.abc import Mapping
from typing import Any

from idp.app import Services, build_services
from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.citizens.registry import NewCitizen
from idp.clock import SystemClock
from idp.codec import decode, encode
from idp.config import Settings
from idp.demo.citizens import PEOPLE, Credentials, credentials
from idp.demo.places import Places, keep
from idp.demo.relying_party import PortalSettings
from idp.demo.themes import THEMES
from idp.demo.words import Text
from idp.running.preparing import prepare_directory
from idp.secrets import SystemRandomness

ACTOR = "demo"


def seed(settings: Settings, places: Places) -> Mapping[str, Credentials]:
    """Make the embedded stores and fill them; what each citizen signs in with, by number."""
    prepare_directory(settings, SystemRandomness(), SystemClock())
    services = build_services(settings)
    try:
        known = credentials(places.citizens_file, services.randomness)
        _add_citizens(services, known)
        for number in range(len(THEMES)):
            _register_portal(services, places, number)
        return known
    finally:
        services.close()


def _add_citizens(services: Services, known: Mapping[str, Credentials]) -> None:
    """Passwords are remembered before anybody is added, so that a run cut short leaves nobody with an unknown one."""
    for person in PEOPLE:
        if services.citizens.by_number(person.number) is None:
            added = services.citizens.add(
                NewCitizen(
                    name=person.name,
                    number=person.number,
                    phone=person.phone,
                    password_hash=services.passwords.hash(known[person.number].password),
                    totp_secret=known[person.number].totp_secret,
                )
            )
            services.record(event(EventType.CITIZEN_ADDED, services.clock.now(), actor=ACTOR, citizen_id=added.id))


def _register_portal(services: Services, places: Places, number: int) -> None:
    """A portal that knows its registration keeps it; one whose registration is gone, or that moved, gets a new one."""
    file = places.portal_file(number)
    if file.exists():
        known = decode(file.read_bytes(), PortalSettings)
        if known.issuer == places.issuer and services.clients.get(known.client_id) is not None:
            return
    registered = services.clients.add(encode(portal_metadata(places, number)))
    client_id = registered.client.client_id
    services.record(event(EventType.CLIENT_ADDED, services.clock.now(), actor=ACTOR, client_id=client_id))
    theme = THEMES[number]
    settings = PortalSettings(
        theme=theme.key,
        url=places.portal_url(number),
        other_url=places.portal_url(1 - number),
        issuer=places.issuer,
        client_id=client_id,
        client_secret=registered.client_secret or "",
        scope=" ".join(theme.scope),
        id_token_signed_response_alg=theme.signed_by,
    )
    keep(file, encode(settings))


def portal_metadata(places: Places, number: int) -> dict[str, Any]:
    """What the portal registers with (RFC 7591 section 2, OIDC Registration, RP-Initiated and Back-Channel Logout)."""
    theme, url = THEMES[number], places.portal_url(number)
    return {
        "redirect_uris": [f"{url}/callback"],
        "post_logout_redirect_uris": [f"{url}/signed-out"],
        "backchannel_logout_uri": f"{url}/backchannel-logout",
        "backchannel_logout_session_required": True,
        "client_uri": url,
        "scope": " ".join(theme.scope),
        "optional_scopes": list(theme.optional),
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": theme.signed_by,
        "lawful_basis": "consent",
        **_in_both_languages("client_name", theme.office),
        **_in_both_languages("purpose", theme.purpose),
        **_in_both_languages("retention", theme.retention),
    }


def _in_both_languages(name: str, text: Text) -> dict[str, str]:
    return {name: text.chinese, f"{name}#zh-CN": text.chinese, f"{name}#en": text.english}
