"""`idp key …`: the keys that sign tokens, and the re-keying of what is encrypted."""

import sys
from typing import Any

import click

from idp.audit.events import EventType
from idp.cli.opened import opened, record
from idp.cli.output import moment, show, show_many, table_option
from idp.oidc.keys import ALGORITHMS
from idp.rekey import Rekeying, RekeyProgress

_COLUMNS = ("kid", "alg", "state", "created_at", "activated_at", "retired_at")


@click.group()
def key() -> None:
    """Signing keys (next, active, retired), and re-keying what is encrypted at rest."""


@key.command("list")
@table_option
def list_(as_table: bool) -> None:
    """List the signing keys."""
    with opened() as services:
        services.keys.ensure()
        show_many(_described(services), _COLUMNS, as_table)


@key.command()
@click.option("--alg", type=click.Choice(list(ALGORITHMS)), help="Only this algorithm; without it, all.")
@table_option
def rotate(alg: str | None, as_table: bool) -> None:
    """Retire the active key, sign with the next one, and publish a new next one."""
    with opened() as services:
        services.keys.ensure()
        for each in [alg] if alg else list(ALGORITHMS):
            services.keys.rotate(each)
            record(services, EventType.KEY_ROTATED, alg=each)
        show_many(_described(services), _COLUMNS, as_table)


@key.command()
def rekey() -> None:
    """Encrypt anew, under the current master key, all that stands under an older one. The service may run meanwhile."""
    with opened() as services:
        rekeying = Rekeying(services.records, services.vault)
        last = _followed(rekeying)
        record(services, EventType.KEY_REKEYED, count=last.done - last.failed)
        left = rekeying.left()
    show({"done": last.done, "failed": last.failed, "left": left, "current": services.vault.current_kid})
    if left:
        raise click.ClickException(f"{left} values still stand under an older master key: keep it, and run this again")


def _followed(rekeying: Rekeying) -> RekeyProgress:
    """Show how far it is until it is done."""
    steps = rekeying.run()
    last = next(steps)
    with click.progressbar(length=max(last.total, 1), label="re-keying", file=sys.stderr) as bar:
        for step in steps:
            bar.update(step.done - last.done)
            last = step
    return last


def _described(services: Any) -> list[dict[str, Any]]:
    return [
        {
            "kid": each.kid,
            "alg": each.alg,
            "state": each.state,
            "created_at": moment(each.created_at),
            "activated_at": moment(each.activated_at),
            "retired_at": moment(each.retired_at),
        }
        for each in services.keys.list()
    ]
