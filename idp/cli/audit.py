"""`idp audit …`: the trail as JSON lines. What still waits in the outbox is moved first, so that nothing is missed."""

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import click

from idp.app import Services
from idp.audit.events import EventType
from idp.audit.writer import AuditWriter
from idp.cli.example import example
from idp.cli.known import resolved
from idp.cli.opened import reading, this_process
from idp.cli.output import moment, show_line, table, table_option
from idp.codec import decode
from idp.logouts import Trail
from idp.storage.records.audit import StoredEvent
from idp.storage.state import StateUnavailable

_FOLLOW_SECONDS = 1.0
_COLUMNS = ("time", "type", "citizen_id", "client_id", "reference", "facts")


@click.group()
def audit() -> None:
    """Read the audit trail."""


@audit.command(epilog=example("idp audit tail -n 50 --table", "idp audit tail --follow"))
@click.option("-n", "count", type=click.IntRange(0, 10_000), default=20, show_default=True, help="How many events.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@table_option
def tail(count: int, follow: bool, as_table: bool) -> None:
    """The last events."""
    with reading() as services:
        _move(services)
        after = max(services.records.audit.last_seq() - count, 0)
        while True:
            found = services.records.audit.tail(after, 1000)
            _show(found, as_table)
            after = found[-1].seq if found else after
            if len(found) == 1000:
                continue
            if not follow:
                return
            time.sleep(_FOLLOW_SECONDS)


@audit.command(
    epilog=example(
        "idp audit search --event login:failure --since 2026-11-01", "idp audit search --reference 7K3M-9QXD"
    )
)
@click.option("--event", type=click.Choice([kind.value for kind in EventType]), metavar="TYPE", help="login:success …")
@click.option("--citizen", metavar="N", help="A citizen ID number, a telephone number, or our own id of a citizen.")
@click.option("--client", "client_id", metavar="ID", help="The client_id of a relying party.")
@click.option("--reference", help="The reference number of an error page.")
@click.option("--since", metavar="TIME", help="2026-01-31, 2026-01-31T08:00:00+08:00, or seconds since the epoch.")
@click.option("--until", metavar="TIME", help="Up to this time and without it.")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="The newest N, at most.",
)
@table_option
def search(
    event: str | None,
    citizen: str | None,
    client_id: str | None,
    reference: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    as_table: bool,
) -> None:
    """The newest events that fit all that is given, the oldest of them first."""
    with reading() as services:
        _move(services)
        found = services.records.audit.search(
            event=event,
            citizen_id=None if citizen is None else resolved(services, citizen).id,
            client_id=client_id,
            reference=reference,
            since=_moment(since),
            until=_moment(until),
            limit=limit + 1,
        )
        _show(found[-limit:], as_table)
    if reference is not None and not found:
        click.echo("no event has this reference; most error pages stand in the log alone: look for it there", err=True)
    if len(found) > limit:
        click.echo(f"{limit} of more: narrow it or use --limit", err=True)


def _move(services: Services) -> None:
    """Without a running server nobody else does it. If the state store is away, what is in SQL is shown."""
    writer = AuditWriter(services.state, Trail(services.records), this_process())
    try:
        while writer.move().written:
            pass
        writer.rest()
    except StateUnavailable as error:
        click.echo(f"events that are not yet in SQL are missing here: {error}", err=True)


def _show(found: Iterable[StoredEvent], as_table: bool) -> None:
    if as_table:
        table(map(_row, found), _COLUMNS)
        return
    for each in found:
        show_line({"seq": each.seq, **decode(each.event.document, dict[str, Any])})


def _row(each: StoredEvent) -> dict[str, Any]:
    facts = decode(each.event.document, dict[str, Any])
    shown = {"type", "at", "citizen_id", "client_id", "reference"}
    rest = " ".join(
        f"{name}={','.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in facts.items()
        if name not in shown
    )
    return {**facts, "time": moment(facts["at"]), "facts": rest}


def _moment(text: str | None) -> int | None:
    if text is None or re.fullmatch(r"[0-9]{1,11}", text):
        return None if text is None else int(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError("a time is 2026-01-31, 2026-01-31T08:00:00+08:00, or seconds since the epoch") from None
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
