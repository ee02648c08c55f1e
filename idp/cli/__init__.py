"""The `idp` command: one file per noun, one function per verb.

    running.py serve, demo, db upgrade, check    citizen.py      add, import, show, suspend, close, resume
    client.py  add, import, change, list …       credentials.py  password, totp, recovery of a citizen
    audit.py   tail, search                      details.py      change, renumber a citizen
    key.py     list, rotate, rekey, master       resource.py     add, list, show, remove
    logout.py  list, show: who was told of a sign-out
    sp.py      add, change, list, show, refresh, enable, disable, remove
    metadata.py  add, list, show, refresh, remove: where metadata of service providers comes from

    lazily.py    loads a noun when it is used, so that help and completion are quick
    output.py    JSON on standard output, tables for people
    failures.py  what an error is in one line
    opened.py    settings and services for a verb, and what the trail is told of it
    example.py   how a verb's help shows its use
    known.py     the citizen of whom a verb is told

JSON goes to standard output, everything for people to standard error. Exit status: 0, 1 for an error, told in one line,
2 for wrong usage.
"""

import importlib
import os
import sys
from collections.abc import Sequence

import click

from idp.cli.lazily import LazyGroup


@click.group(
    cls=LazyGroup,
    commands_at={
        "serve": ("idp.cli.running:serve", "Run the identity provider."),
        "demo": ("idp.cli.running:demo", "Run the provider and three portals on this machine, with made-up citizens."),
        "db": ("idp.cli.running:db", "Upgrade the records of a deployment."),
        "check": ("idp.cli.running:check", "Say what is wrong with the deployment, and what to do."),
        "citizen": (
            "idp.cli.citizen:citizen",
            "Add, import, show, change, suspend, close and resume citizens, and give new passwords.",
        ),
        "client": ("idp.cli.client:client", "Register and manage OpenID Connect clients."),
        "resource": ("idp.cli.resource:resource", "Register and manage resource servers."),
        "sp": ("idp.cli.sp:sp", "Register and manage SAML service providers."),
        "metadata": ("idp.cli.metadata:metadata", "Federations: where metadata of SAML service providers comes from."),
        "key": ("idp.cli.key:key", "Keys that sign or open what is encrypted to us, and re-keying what is stored."),
        "logout": ("idp.cli.logout:logout", "Which portals were told that a session ended, and what came of it."),
        "audit": ("idp.cli.audit:audit", "Read the audit trail."),
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="citizen-idp", message="%(prog)s %(version)s")
def idp() -> None:
    """A national identity provider: a citizen signs in once and is known at every portal.

    Settings are IDP_* variables, or the same names in the file that IDP_SETTINGS_FILE names.
    """


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """One command line; its exit status."""
    try:
        status = idp.main(list(arguments), prog_name="idp", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:  # the help itself, and where it is need not be said
        error.show()
        return 2
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "idp"
        click.echo(f"{error.format_message()} (see `{where} --help`)", err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        click.echo(importlib.import_module("idp.cli.failures").sentence(error), err=True)
        return 1
    return status if isinstance(status, int) else 0  # click hands the status of `Exit` back as a value
