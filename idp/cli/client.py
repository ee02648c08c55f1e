"""`idp client …`: RFC 7591 metadata in JSON, in and out."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import click

from idp.app import Services
from idp.audit.events import EventType
from idp.cli.example import example
from idp.cli.opened import opened, reading, record
from idp.cli.output import moment, show_many, show_one, table_option
from idp.login.party import CONSENT
from idp.oidc.clients import fapi2
from idp.oidc.clients.client import OF_CLIENTS, Client
from idp.oidc.register import InitialTokens
from idp.oidc.registration.configured import Planned, carry_out, plan, plan_one
from idp.oidc.registration.registrar import ignored

_LARGEST = 65_536
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,60}")
_LARGEST_IMPORT = 64_000_000
_PLANNED_COLUMNS = ("client_id", "outcome", "members", "client_secret")
_COLUMNS = ("client_id", "client_name", "token_endpoint_auth_method", "scope", "redirect_uris", "enabled")


@click.group()
def client() -> None:
    """Register and manage OpenID Connect clients."""


@client.command(
    epilog=example(
        """echo '{"redirect_uris":["https://portal.example.cn/cb"],"client_name":"Portal"}' | idp client add -"""
    )
)
@click.argument("file", type=click.File("rb"))
@table_option
def add(file: BinaryIO, as_table: bool) -> None:
    """Register the client that FILE describes (- is standard input). The secret is shown here, once."""
    metadata = _read(file, _LARGEST)
    with opened(begin=True, tells=True) as services:
        registered = services.clients.add(metadata)
        record(services, EventType.CLIENT_ADDED, client_id=registered.client.client_id)
        document = _described(services, registered.client) | _secret_of(registered.client, registered.client_secret)
    show_one(document, as_table)
    for each in _unsaid(registered.client, metadata):
        click.echo(each, err=True)


@client.command("import", epilog=example("idp client import clients.json --dry-run --table"))
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@table_option
def import_(file: BinaryIO, dry_run: bool, as_table: bool) -> None:
    """Add and change clients until they are as FILE has them: a JSON array, or one object a line, each with a client_id
    of your choice. All of it counts, or nothing. New secrets are shown here, once."""
    document = _read(file, _LARGEST_IMPORT)
    with reading() if dry_run else opened(begin=True, tells=True) as services:
        planned = plan(services.clients, document)
        if not dry_run:
            _carry_out(services, planned)
    show_many((_planned(each, dry_run) for each in planned), _PLANNED_COLUMNS, as_table)
    for each in planned:
        if each.outcome != "unchanged":
            for said in _unsaid(each.after, each.document):
                click.echo(f"{each.after.client_id}: {said}", err=True)


@client.command(epilog=example("idp client change 0a1b2c portal.json"))
@click.argument("client_id", metavar="ID")
@click.argument("file", type=click.File("rb"))
@table_option
def change(client_id: str, file: BinaryIO, as_table: bool) -> None:
    """Change a client to what FILE describes, which is the whole of it. A secret that it has stays."""
    document = _read(file, _LARGEST)
    with opened(tells=True) as services:
        _known(services, client_id)
        planned = plan_one(services.clients, client_id, document)
        _carry_out(services, [planned])
        shown = _described(services, planned.after) | _secret_of(planned.after, planned.secret)
    show_one(shown, as_table)
    for each in _unsaid(planned.after, document):
        click.echo(each, err=True)


@client.command(epilog=example("idp client secret 0a1b2c"))
@click.argument("client_id", metavar="ID")
@table_option
def secret(client_id: str, as_table: bool) -> None:
    """Give a client a new secret, shown here, once. The one it had ends at once."""
    with opened(tells=True) as services:
        renewed = services.clients.renew_secret(_known(services, client_id))
        record(services, EventType.CLIENT_SECRET_RENEWED, client_id=client_id)
    show_one({"client_id": client_id} | _secret_of(renewed.client, renewed.client_secret), as_table)


@client.command("list", epilog=example("idp client list --table"))
@table_option
def list_(as_table: bool) -> None:
    """List all clients."""
    with reading() as services:
        show_many((_described(services, each) for each in services.clients.all()), _COLUMNS, as_table)


@client.command(epilog=example("idp client show 0a1b2c"))
@click.argument("client_id", metavar="ID")
@table_option
def show(client_id: str, as_table: bool) -> None:
    """Show a client."""
    with reading() as services:
        show_one(_described(services, _known(services, client_id)), as_table)


@client.command(epilog=example("idp client check 0a1b2c"))
@click.argument("client_id", metavar="ID")
@table_option
def check(client_id: str, as_table: bool) -> None:
    """Say what keeps a client from the profile `fapi2`. The exit status is 1 if anything does."""
    with reading() as services:
        found = _known(services, client_id)
    lacks = [{"member": lack.member, "needs": lack.needs} for lack in fapi2.lacks(found)]
    show_one({"client_id": client_id, "profile": found.profile, "fapi2": not lacks, "lacks": lacks}, as_table)
    if lacks:
        click.get_current_context().exit(1)


@client.command(epilog=example("idp client disable 0a1b2c"))
@click.argument("client_id", metavar="ID")
@table_option
def disable(client_id: str, as_table: bool) -> None:
    """Refuse a client everywhere, until it is enabled again."""
    _set_enabled(client_id, False, EventType.CLIENT_DISABLED, as_table)


@client.command(epilog=example("idp client enable 0a1b2c"))
@click.argument("client_id", metavar="ID")
@table_option
def enable(client_id: str, as_table: bool) -> None:
    """Serve a disabled client again."""
    _set_enabled(client_id, True, EventType.CLIENT_ENABLED, as_table)


@client.command(epilog=example("idp client remove 0a1b2c"))
@click.argument("client_id", metavar="ID")
@table_option
def remove(client_id: str, as_table: bool) -> None:
    """Remove a client for good."""
    with opened(tells=True) as services:
        document = _described(services, _known(services, client_id))
        services.clients.remove(client_id)
        record(services, EventType.CLIENT_REMOVED, client_id=client_id)
    show_one(document, as_table)


@client.command(epilog=example("idp client token --days 7"))
@click.option("--days", type=click.IntRange(1, 90), default=7, show_default=True, help="How long it is good.")
@table_option
def token(days: int, as_table: bool) -> None:
    """Give out an initial access token, with which a developer registers one client over HTTP (RFC 7591)."""
    with opened(begin=True, tells=True) as services:
        seconds = days * 86_400
        issued = InitialTokens(services.state, services.randomness).issue(seconds)
        record(services, EventType.REGISTRATION_TOKEN_ISSUED)
        document = {
            "initial_access_token": issued,
            "expires_at": moment(int(services.clock.now()) + seconds),
            "registration_endpoint": f"{services.settings.issuer}/register",
        }
        closed = services.settings.registration == "closed"
    show_one(document, as_table)
    if closed:
        click.echo("IDP_REGISTRATION is closed: nobody can use it", err=True)


def _read(file: BinaryIO, largest: int) -> bytes:
    document = file.read(largest + 1)
    if len(document) > largest:
        raise click.ClickException(f"the metadata is longer than {largest} bytes")
    return document


def _secret_of(registered: Client, client_secret: str | None) -> dict[str, Any]:
    """What is shown once, of a client that just got it."""
    if client_secret is None:
        return {}
    return {"client_secret": client_secret, "client_secret_expires_at": registered.client_secret_expires_at}


def _carry_out(services: Services, planned: Sequence[Planned]) -> None:
    carry_out(services.clients, planned)
    for each in planned:
        if each.outcome != "unchanged":
            kind = EventType.CLIENT_ADDED if each.before is None else EventType.CLIENT_CHANGED
            record(services, kind, client_id=each.after.client_id)


def _planned(planned: Planned, dry_run: bool) -> dict[str, Any]:
    row = {"client_id": planned.after.client_id, "outcome": planned.outcome, "members": list(planned.members)}
    return row | ({} if dry_run else _secret_of(planned.after, planned.secret))


def _unsaid(registered: Client, metadata: bytes) -> Iterator[str]:
    """What was accepted, and is perhaps not what was meant."""
    members = [name if _PLAIN.fullmatch(name) else "one with other characters" for name in ignored(metadata)]
    if members:
        yield f"members that we do not know were left out: {', '.join(members)}"
    missing = [name for name in ("purpose", "retention") if not getattr(registered, name)]
    asks_nobody = set(registered.grant_types) <= set(OF_CLIENTS)
    if registered.lawful_basis == CONSENT and missing and not asks_nobody:
        yield f"the consent page will say that this is not stated: {', '.join(missing)}"


def _set_enabled(client_id: str, enabled: bool, kind: EventType, as_table: bool) -> None:
    with opened(tells=True) as services:
        _known(services, client_id)
        services.clients.set_enabled(client_id, enabled)
        record(services, kind, client_id=client_id)
        show_one(_described(services, _known(services, client_id)), as_table)


def _known(services: Services, client_id: str) -> Client:
    found = services.clients.get(client_id)
    if found is None:
        raise click.ClickException("there is no such client; `idp client list` shows those there are")
    return found


def _described(services: Services, found: Client) -> dict[str, Any]:
    return {**services.clients.describe(found), "enabled": found.enabled}
