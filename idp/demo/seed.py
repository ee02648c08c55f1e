"""Citizens and portals, put in where they are missing, so that a second run finds what the first one left.

They come in as anybody's would: citizens through the registry, portals by their metadata.
"""

from collections.abc import Mapping

from idp.app import Services, build_services
from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.citizens.registry import NewCitizen
from idp.clock import SystemClock
from idp.config import Settings
from idp.demo.citizens import PEOPLE, Credentials, credentials
from idp.demo.places import Places
from idp.demo.registrations import ACTOR, register
from idp.demo.themes import THEMES
from idp.running.preparing import prepare_directory
from idp.secrets import SystemRandomness


def seed(settings: Settings, places: Places) -> Mapping[str, Credentials]:
    """Make the embedded stores and fill them; what each citizen signs in with, by number."""
    prepare_directory(settings, SystemRandomness(), SystemClock())
    services = build_services(settings)
    try:
        known = credentials(places.citizens_file, services.randomness)
        _add_citizens(services, known)
        for number in range(len(THEMES)):
            register(services, places, number)
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
