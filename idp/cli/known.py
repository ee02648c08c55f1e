"""A citizen of whom a verb is told: found by number or id, and as it is shown."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

from idp.app import Services
from idp.citizens.citizen import Citizen
from idp.citizens.identifiers import InvalidIdentifier, parse_phone
from idp.citizens.number import InvalidNumber, Reason, mask, parse_typed, today_in_china
from idp.cli.opened import opened
from idp.cli.output import moment

_OUR_ID = re.compile(r"[a-z2-7]{26}")
_NOBODYS = "this is neither a citizen ID number, a telephone number nor our id of a citizen"


@contextmanager
def known(who: str) -> Iterator[tuple[Services, Citizen]]:
    """The citizen of whom a verb tells the trail; with the services."""
    with opened(tells=True) as services:
        yield services, resolved(services, who)


def resolved(services: Services, who: str) -> Citizen:
    """The citizen with this number or phone, as it is typed, or this id of ours. Raises `ClickException`."""
    try:
        found = _found(services, who)
    except InvalidNumber as invalid:
        if invalid.reason in (Reason.LENGTH, Reason.CHARACTERS):
            raise click.ClickException(_NOBODYS) from None
        raise
    if found is None:
        raise click.ClickException("there is no such citizen")
    return found


def _found(services: Services, who: str) -> Citizen | None:
    if _OUR_ID.fullmatch(who):
        return services.citizens.by_id(who)
    with suppress(InvalidIdentifier):
        return services.citizens.by_phone(parse_phone(who))
    return services.citizens.by_number(parse_typed(who, today_in_china(services.clock)).canonical)


def described(found: Citizen) -> dict[str, Any]:
    """What is shown of a citizen, the number masked."""
    profile = found.profile
    members = {
        "id": found.id,
        "status": found.status.value,
        "number": mask(profile.number) if profile.number else None,
        "name": profile.name,
        "phone": profile.phone,
        "email": profile.email,
        "birthdate": profile.birthdate,
        "gender": profile.gender,
        "address": profile.address,
        "updated_at": moment(found.updated_at),
    }
    return {name: value for name, value in members.items() if value is not None}
