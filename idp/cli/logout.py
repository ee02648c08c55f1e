"""`idp logout …`: the logout ledger: which portal was told of which ended session, and what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from idp.cli.example import example
from idp.cli.known import resolved
from idp.cli.opened import reading
from idp.cli.output import moment, show_many, table_option
from idp.saml.service_provider import party_id_of
from idp.storage.records.logouts import LogoutState, StoredLogout

_COLUMNS = ("ended_at", "session", "client_id", "reason", "state", "tries", "error", "tried_at", "next_try_at")


@click.group()
def logout() -> None:
    """See which portals were told that a session ended, and which are still to be told."""


@logout.command(
    "list", epilog=example("idp logout list --state failed --table", "idp logout list --citizen N --client 0a1b2c")
)
@click.option("--citizen", metavar="N", help="A citizen ID number, a telephone number, or our own id of a citizen.")
@click.option("--client", "client_id", metavar="ID", help="A client_id, or the entityID of a service provider.")
@click.option("--state", type=click.Choice([state.value for state in LogoutState]), help="What came of it.")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="The newest N, at most.",
)
@table_option
def list_(citizen: str | None, client_id: str | None, state: str | None, limit: int, as_table: bool) -> None:
    """The newest lines of the ledger that fit all that is given, the newest first.

    pending: not tried yet; failed: to be tried again; delivered: the portal answered that its session has ended;
    given_up: tried for a day; asked: the browser called its front-channel address; unreachable: it has no address.
    """
    with reading() as services:
        found = services.records.logouts.search(
            citizen_id=None if citizen is None else resolved(services, citizen).id,
            client_id=party_id_of(client_id) if client_id and ":" in client_id else client_id,
            state=None if state is None else LogoutState(state),
            limit=limit,
        )
    _show(found, as_table)


@logout.command(epilog=example("idp logout show SESSION --table"))
@click.argument("session", metavar="SESSION")
@table_option
def show(session: str, as_table: bool) -> None:
    """All portals of one ended session, by the name that `list` gives it."""
    with reading() as services:
        found = services.records.logouts.search(session=session, limit=10_000)
    if not found:
        raise click.ClickException("there is no such session in the ledger; `idp logout list` shows those there are")
    _show(found, as_table)


def _show(found: Sequence[StoredLogout], as_table: bool) -> None:
    show_many(map(_described, found), _COLUMNS, as_table)


def _described(line: StoredLogout) -> Mapping[str, Any]:
    duty = line.duty
    return {
        "session": duty.session,
        "client_id": duty.client_id,
        "citizen_id": duty.citizen_id,
        "reason": duty.reason,
        "ended_at": moment(duty.ended_at),
        "state": line.state.value,
        "tries": line.tries,
        "error": line.error,
        "tried_at": moment(line.tried_at),
        "next_try_at": moment(line.next_try),
    }
