"""`idp key …`: the keys that sign, those that open what is encrypted to us, and the re-keying of what is stored."""

import sys
import time
from collections.abc import Sequence
from typing import Any

import click

from idp.app import Services
from idp.audit.events import EventType
from idp.cli.example import example
from idp.cli.opened import opened, reading, record
from idp.cli.output import moment, show, show_many, table_option
from idp.clock import SystemClock
from idp.oidc.jose.keys import ALGORITHMS, EVERY, KeyInfo
from idp.running.rekey import Rekeying, RekeyProgress
from idp.saml.keys import KINDS, OPENS, Credential
from idp.secrets import SystemRandomness
from idp.vault.master_keys import MasterKeys
from idp.versions import CHECK_SECONDS

_LOADED_SECONDS = 2 * CHECK_SECONDS
"""After this long every worker has heard that something changed, and what it was answering meanwhile is answered."""
_LEARNT_SECONDS = 86_400
"""After this long every portal has fetched `/jwks` again, and a service provider our metadata."""
_COLUMNS = ("kid", "alg", "state", "created_at", "activated_at", "retired_at")


@click.group()
def key() -> None:
    """Keys that sign or open (next, active, retired), and re-keying what is encrypted at rest."""


@key.command("list", epilog=example("idp key list --table"))
@table_option
def list_(as_table: bool) -> None:
    """List the keys."""
    with reading() as services:
        keys = _described(services)
    show_many(keys, _COLUMNS, as_table)
    if not keys:
        click.echo("there are none yet: `idp serve` makes them", err=True)


@key.command(epilog=example("idp key rotate --alg RS256"))
@click.option("--alg", type=click.Choice([*EVERY, *KINDS]), help="Only this algorithm; without it, all.")
@table_option
def rotate(alg: str | None, as_table: bool) -> None:
    """Retire the active key, put the next one in its place, and make a new next one."""
    with opened(begin=True, tells=True) as services:
        services.ensure_keys()
        rotated = [alg] if alg else [*EVERY, *KINDS]
        early = _published_just_now(services, rotated)
        for each in rotated:
            (services.saml_keys if each in KINDS else services.keys).rotate(each)
            record(services, EventType.KEY_ROTATED, alg=each)
        show_many(_described(services), _COLUMNS, as_table)
    if early:
        click.echo(
            f"{', '.join(early)}: what signs from now on was published less than a day ago; a portal that remembers "
            "the keys of before refuses what they sign until it fetches /jwks or /saml/metadata again",
            err=True,
        )


@key.command(epilog=example("idp key master >> var/master.key   # a new key, below the current one"))
def master() -> None:
    """Print a new line for the master key file. Who has it can read everything: keep it as safe as the file."""
    click.echo(MasterKeys.generate(SystemRandomness(), SystemClock().now()), nl=False)


@key.command(epilog=example("idp key rekey"))
def rekey() -> None:
    """Encrypt anew, under the current master key, all that stands under an older one. The service may run meanwhile.

    First every worker is told to load the master key file again, so that none meets a value under a key it does not
    know. To change the key, put the new line below the current one on every machine and run this; then move it to the
    top and run this again; then take the old line out.
    """
    with opened(tells=True) as services:
        services.versions.bump()
        time.sleep(_LOADED_SECONDS)
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


def _published_just_now(services: Services, algs: Sequence[str]) -> list[str]:
    """Of those that sign: what is encrypted to a retired key is still opened."""
    since = services.clock.now() - _LEARNT_SECONDS
    keys = _all(services)
    early = {each.alg for each in keys if each.state == "next" and each.created_at > since}
    signing = (*ALGORITHMS, *KINDS)
    return [alg for alg in algs if alg in signing and alg != OPENS and alg in early]


def _all(services: Services) -> list[KeyInfo | Credential]:
    return [*services.keys.list(), *services.saml_keys.list()]


def _described(services: Services) -> list[dict[str, Any]]:
    return [
        {
            "kid": each.kid,
            "alg": each.alg,
            "state": each.state,
            "created_at": moment(each.created_at),
            "activated_at": moment(each.activated_at),
            "retired_at": moment(each.retired_at),
        }
        for each in _all(services)
    ]
