"""`idp citizen …`. Numbers go in as they are typed and come out masked."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from idp.app import Services, suspending
from idp.audit.events import EventType
from idp.citizens.citizen import Status
from idp.citizens.importing import Importer, ImportProgress, report_path
from idp.citizens.number import mask, parse_typed, today_in_china
from idp.citizens.registry import NewCitizen
from idp.cli.credentials import password, read_password, read_secret, recovery, totp
from idp.cli.details import change, renumber
from idp.cli.example import example
from idp.cli.known import described, known
from idp.cli.opened import opened, record
from idp.cli.output import moment, show, show_one, table_option
from idp.login.password import UnacceptablePassword, UnusableHash
from idp.login.password_policy import PROFILES
from idp.login.password_policy import check as check_password


@click.group()
def citizen() -> None:
    """Add, import, show, change, suspend, close and resume citizens, and help those who cannot sign in.

    N is a citizen ID number, a telephone number, or our own id of a citizen.
    """


for _verb in (change, renumber, password, totp, recovery):
    citizen.add_command(_verb)


@citizen.command(
    epilog=example("""printf '%s\\n' "$PASSWORD" | idp citizen add --number N --name 张三 --password-stdin""")
)
@click.option("--number", required=True, metavar="N", help="Citizen ID number.")
@click.option("--name", required=True, help="As it stands on the identity card.")
@click.option("--phone", help="Telephone number; +86 is taken for granted.")
@click.option("--email", help="E-mail address.")
@click.option("--birthdate", metavar="YYYY-MM-DD", help="If it is not the one in the number.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@click.option(
    "--totp-secret", metavar="B32", help="Secret of an authenticator app; - for the next line of standard input."
)
@click.option("--temporary", is_flag=True, help="The citizen chooses another password at the first sign-in.")
@table_option
def add(
    number: str,
    name: str,
    phone: str | None,
    email: str | None,
    birthdate: str | None,
    password_stdin: bool,
    totp_secret: str | None,
    temporary: bool,
    as_table: bool,
) -> None:
    """Add a citizen. With a TOTP secret come ten recovery codes, shown here and never again."""
    chosen = read_password() if password_stdin else None
    secret = None if totp_secret is None else read_secret(totp_secret)
    with opened(begin=True, tells=True) as services:
        canonical = parse_typed(number, today_in_china(services.clock)).canonical
        personal = [value for value in (name, canonical, phone, email) if value]
        hashed = None
        if chosen is not None:
            profile = PROFILES[services.settings.password_policy]
            hashed = services.passwords.hash(check_password(chosen, profile, personal))
        added = services.citizens.add(
            NewCitizen(
                name=name,
                number=canonical,
                phone=phone,
                email=email,
                birthdate=birthdate,
                password_hash=hashed,
                must_change_password=temporary,
                totp_secret=secret,
            )
        )
        record(services, EventType.CITIZEN_ADDED, citizen_id=added.id)
        codes = {"recovery_codes": list(services.recovery.renew(added.id))} if secret else {}
    show_one(described(added) | codes, as_table)
    if chosen is None:
        click.echo("without a password nobody signs in: give one with `idp citizen password`", err=True)


@citizen.command(
    "import",
    epilog=example(
        "idp citizen import people.jsonl   # a line of it, and those of a CSV file:",
        """{"number": "110000199001010013", "name": "张三", "password_hash": "$2b$12$…"}""",
        "number,name,phone",
        "110000199001010013,张三,13800138000",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
def import_(file: Path) -> None:
    """Import citizens from FILE, JSON lines or CSV.

    Members, all text: name, and number or phone; email, birthdate, gender, address, totp_secret; password, or the
    password_hash of another system (argon2, scrypt, pbkdf2, bcrypt, SHA-crypt, salted LDAP).

    May be interrupted and run again: it goes on where it was, and counts whom earlier runs added as `already`. Lines
    that are refused are written to FILE.refused.jsonl with the reason, and the exit status is 1; all others are added.
    """
    with opened(begin=True, tells=True) as services:
        importer = Importer(
            services.records,
            services.vault,
            services.clock,
            services.randomness,
            services.passwords,
            (UnacceptablePassword, UnusableHash),
        )
        last = _followed(importer.run(file), lambda added: _told_imported(services, added))
    report = report_path(file)
    counts = {"added": last.added - last.already, "already": last.already, "refused": last.refused}
    show({"lines": last.added + last.refused, **counts, "report": str(report)})
    if last.refused:
        many = "1 line was" if last.refused == 1 else f"{last.refused} lines were"
        raise click.ClickException(f"{many} refused; {report} says which and why")


@citizen.command("show", epilog=example("idp citizen show N --table"))
@click.argument("who", metavar="N")
@table_option
def show_(who: str, as_table: bool) -> None:
    """Show a citizen, the number masked. The audit trail says that somebody looked."""
    with known(who) as (services, found):
        record(services, EventType.CITIZEN_VIEWED, citizen_id=found.id)
        account = services.citizens.account(found.id)
        history = services.citizens.number_history(found.id)
    has = {
        "password": account is not None and account.password_hash is not None,
        "totp": account is not None and account.totp_secret is not None,
        "recovery_codes": account.recovery_codes if account is not None else 0,
    }
    former = [
        {"number": mask(each.number), "since": moment(each.since), "until": moment(each.until)}
        for each in history
        if each.until is not None
    ]
    show_one(described(found) | has | ({"former_numbers": former} if former else {}), as_table)


@citizen.command(epilog=example("idp citizen suspend N"))
@click.argument("who", metavar="N")
@table_option
def suspend(who: str, as_table: bool) -> None:
    """Let a citizen sign in no more. Sessions and tokens end at once, and the portals are told."""
    _shut_out(who, Status.SUSPENDED, EventType.CITIZEN_SUSPENDED, (Status.ACTIVE,), as_table)


@citizen.command(epilog=example("idp citizen close N", "idp citizen close N --deceased"))
@click.argument("who", metavar="N")
@click.option("--deceased", is_flag=True, help="Because the citizen has died.")
@table_option
def close(who: str, deceased: bool, as_table: bool) -> None:
    """End a citizen's account. Sessions and tokens end at once, and the portals are told.

    What is known of the citizen stays, and so does the number: nobody else can have it.
    """
    status = Status.DECEASED if deceased else Status.CLOSED
    _shut_out(who, status, EventType.CITIZEN_CLOSED, (Status.ACTIVE, Status.SUSPENDED), as_table)


@citizen.command(epilog=example("idp citizen resume N", "idp citizen resume N --reopen"))
@click.argument("who", metavar="N")
@click.option("--reopen", is_flag=True, help="Also if the account is closed: that was recorded by mistake.")
@table_option
def resume(who: str, reopen: bool, as_table: bool) -> None:
    """Let a suspended citizen sign in again."""
    with known(who) as (services, found):
        if found.status is Status.ACTIVE:
            raise click.ClickException("the citizen is active, not suspended")
        ended = found.status is not Status.SUSPENDED
        if ended and not reopen:
            raise click.ClickException(
                f"the citizen is {found.status.value}, not suspended; if that was recorded by mistake, use --reopen"
            )
        services.citizens.set_status(found.id, Status.ACTIVE)
        record(services, EventType.CITIZEN_RESUMED, citizen_id=found.id, reason="reopened" if ended else None)
        changed = services.citizens.by_id(found.id) or found
    show_one(described(changed), as_table)


def _shut_out(who: str, status: Status, kind: EventType, of: Sequence[Status], as_table: bool) -> None:
    """Of somebody who has one of these. One whose verb broke off half-way has `status`: what was left is done."""
    with known(who) as (services, found):
        may = found.status in of
        told = suspending(services).shut_out(found.id, status) if may or found.status is status else ()
        if not may and not told:
            raise click.ClickException(f"the citizen is {found.status.value}, not {' or '.join(s.value for s in of)}")
        record(services, kind, citizen_id=found.id, status=status.value)
        changed = services.citizens.by_id(found.id) or found
    portals = [{"client_id": each.client_id, "confirmed": each.confirmed} for each in told]
    show_one(described(changed) | {"told": portals}, as_table)


def _followed(progress: Iterator[ImportProgress], tell: Callable[[int], None]) -> ImportProgress:
    """Show how far it is until it is done. However it ends, `tell` hears how many were added."""
    last = next(progress)
    try:
        with click.progressbar(length=max(last.size, 1), label="importing", file=sys.stderr) as bar:
            bar.update(last.offset)
            for step in progress:
                bar.update(step.offset - last.offset)
                last = step
    finally:
        tell(last.added - last.already)
    return last


def _told_imported(services: Services, added: int) -> None:
    if added:
        record(services, EventType.CITIZEN_IMPORTED, count=added)
