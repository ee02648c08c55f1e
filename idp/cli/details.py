"""`idp citizen change` and `renumber`: what is known of a citizen, set right."""

from dataclasses import replace
from datetime import date
from typing import Any

import click

from idp.app import Services
from idp.audit.events import EventType
from idp.citizens.citizen import Citizen
from idp.citizens.number import parse_typed, today_in_china
from idp.cli.example import example
from idp.cli.known import described, known
from idp.cli.opened import record
from idp.cli.output import show_one, table_option

_NONE = "-"
_OPTIONAL = ("phone", "email", "address")
_CLAIMS = {
    "name": "name",
    "number": "citizen_id_number",
    "phone": "phone_number",
    "email": "email",
    "birthdate": "birthdate",
    "gender": "gender",
    "address": "address",
}
"""Members of a profile, by the names under which portals get them: so the trail names them."""


def _a_name(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    if given == _NONE:
        raise click.BadParameter("nobody is without a name")
    return given


def _a_date(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    try:
        return None if given is None else date.fromisoformat(given).isoformat()
    except ValueError:
        raise click.BadParameter("a date is such as 1990-01-31") from None


@click.command(epilog=example("idp citizen change N --phone 13800138000", "idp citizen change N --email -"))
@click.argument("who", metavar="N")
@click.option("--name", callback=_a_name, help="As it stands on the identity card.")
@click.option("--phone", help="Telephone number; - for none.")
@click.option("--email", help="E-mail address; - for none.")
@click.option("--address", help="Postal address, in one line; - for none.")
@click.option("--birthdate", metavar="YYYY-MM-DD", callback=_a_date, help="If it is not the one in the number.")
@click.option("--gender", type=click.Choice(["female", "male"]), help="If it is not the one in the number.")
@table_option
def change(who: str, as_table: bool, **given: str | None) -> None:
    """Change what is known of a citizen. Portals see it at the next look; nobody has to sign in anew."""
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    changed |= {name: None for name in _OPTIONAL if given[name] == _NONE}
    if not changed:
        raise click.UsageError("nothing to change")
    with known(who) as (services, found):
        after = services.citizens.change_profile(found.id, lambda profile: replace(profile, **changed))
        _tell(services, found, after)
    show_one(described(after), as_table)


@click.command(epilog=example("idp citizen renumber N 110000199001010013"))
@click.argument("who", metavar="N")
@click.argument("number", metavar="NUMBER")
@table_option
def renumber(who: str, number: str, as_table: bool) -> None:
    """Give a citizen another ID number: the one before was wrong, or was issued anew.

    The citizen stays the same person for every portal, and keeps the password. The number before stays in the history,
    and no longer signs anybody in. Birth date and gender follow, where they were those of the number before.
    """
    with known(who) as (services, found):
        canonical = parse_typed(number, today_in_china(services.clock)).canonical
        after = services.citizens.correct_number(found.id, canonical)
        claims = _tell(services, found, after)
    show_one(described(after), as_table)
    words = {"birthdate": "birth date", "gender": "gender"}
    if followed := [word for claim, word in words.items() if claim in claims]:
        click.echo(f"{' and '.join(followed)} changed with the number", err=True)


def _tell(services: Services, before: Citizen, after: Citizen) -> list[str]:
    """The claims that have another value now; the trail has their names."""
    claims = [
        claim for member, claim in _CLAIMS.items() if getattr(before.profile, member) != getattr(after.profile, member)
    ]
    if claims:
        record(services, EventType.CITIZEN_CHANGED, citizen_id=after.id, claims=claims)
    return claims
