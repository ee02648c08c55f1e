"""`idp citizen password`, `totp` and `recovery`: what a citizen signs in with, given anew at a service counter.

Who stands at the counter has been identified there: here nothing is asked of the citizen.
"""

import sys

import click

from idp.app import Services, suspending
from idp.audit.events import EventType
from idp.citizens.registry import NotFound
from idp.citizens.totp_secret import InvalidSecret, parse_secret
from idp.cli.example import example
from idp.cli.known import described, known
from idp.cli.opened import record
from idp.cli.output import show_one, table_option
from idp.login.password_policy import PROFILES
from idp.login.renewal import Renewal

_RESET = "password_reset"
_STDIN = "-"


@click.command(epilog=example("""printf '%s\\n' "$PASSWORD" | idp citizen password N --password-stdin --temporary"""))
@click.argument("who", metavar="N")
@click.option("--password-stdin", is_flag=True, required=True, help="Read it from the first line of standard input.")
@click.option("--temporary", is_flag=True, help="The citizen chooses another password at the next sign-in.")
@table_option
def password(who: str, password_stdin: bool, temporary: bool, as_table: bool) -> None:
    """Give a citizen a new password. Sessions and tokens end at once, and the portals are told."""
    chosen = read_password()
    with known(who) as (services, found):
        account = services.citizens.account(found.id)
        if account is None:
            raise NotFound(found.id)
        _renewal(services).choose(account, chosen, chosen, temporary)
        record(services, EventType.PASSWORD_CHANGED, citizen_id=found.id)
        told = suspending(services).end_all(found.id, _RESET)
    portals = [{"client_id": each.client_id, "confirmed": each.confirmed} for each in told]
    show_one(described(found) | {"told": portals}, as_table)


@click.command(
    epilog=example("""printf '%s\\n' "$SECRET" | idp citizen totp N --secret -""", "idp citizen totp N --remove")
)
@click.argument("who", metavar="N")
@click.option("--secret", "given", metavar="B32", help="Secret of the new app; - for the next line of standard input.")
@click.option("--remove", is_flag=True, help="The citizen signs in with the password alone from now on.")
@table_option
def totp(who: str, given: str | None, remove: bool, as_table: bool) -> None:
    """Another authenticator app, or none. With a secret come ten recovery codes, shown here and never again.

    The recovery codes before them are of no use any more, in either case.
    """
    if (given is not None) is remove:
        raise click.UsageError("either --secret or --remove")
    secret = None if given is None else read_secret(given)
    with known(who) as (services, found):
        if secret is None:
            services.citizens.remove_totp_secret(found.id)
            record(services, EventType.TOTP_REMOVED, citizen_id=found.id)
            codes = {}
        else:
            services.citizens.set_totp_secret(found.id, secret)
            record(services, EventType.TOTP_ENROLLED, citizen_id=found.id)
            codes = {"recovery_codes": list(services.recovery.renew(found.id))}
    show_one(described(found) | codes, as_table)


@click.command(epilog=example("idp citizen recovery N"))
@click.argument("who", metavar="N")
@table_option
def recovery(who: str, as_table: bool) -> None:
    """Ten new recovery codes, shown here and never again. Those before them are of no use any more."""
    with known(who) as (services, found):
        account = services.citizens.account(found.id)
        if account is None or account.totp_secret is None:
            raise click.ClickException("the citizen has no authenticator app that a recovery code could stand in for")
        codes = list(services.recovery.renew(found.id))
        record(services, EventType.RECOVERY_RENEWED, citizen_id=found.id)
    show_one(described(found) | {"recovery_codes": codes}, as_table)


def _renewal(services: Services) -> Renewal:
    profile = PROFILES[services.settings.password_policy]
    return Renewal(profile, services.passwords, services.records.credentials, services.citizens, services.clock)


def read_password() -> str:
    """One line of standard input, as it is."""
    return sys.stdin.readline().removesuffix("\n").removesuffix("\r")


def read_secret(given: str) -> str:
    """A TOTP secret, or for `-` the next line of standard input, in its one spelling. Raises `ClickException`."""
    try:
        return parse_secret(sys.stdin.readline().strip() if given == _STDIN else given)
    except InvalidSecret as invalid:
        raise click.ClickException(f"the TOTP secret is {invalid}") from None
