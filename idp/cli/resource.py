"""`idp resource …`: the resource servers for which clients get tokens, in JSON, in and out."""

from collections.abc import Iterable
from typing import Any, BinaryIO

import click

from idp.app import Services
from idp.audit.events import EventType
from idp.cli.example import example
from idp.cli.opened import opened, reading, record
from idp.cli.output import show_many, show_one, table_option
from idp.oidc.registration.resource_server import describe, prove
from idp.oidc.resources.resources import Resource, ScopeTaken

_LARGEST = 65_536
_COLUMNS = ("resource", "resource_name", "scopes", "token_format", "token_seconds", "introspection_client")


@click.group()
def resource() -> None:
    """Register and manage resource servers: what tokens for others than /userinfo are good at."""


@resource.command(
    epilog=example(
        """echo '{"resource":"https://api.example.cn","resource_name":"API","scopes":{"api.read":{"name":"Read"}}}'"""
        " | idp resource add -"
    )
)
@click.argument("file", type=click.File("rb"))
@table_option
def add(file: BinaryIO, as_table: bool) -> None:
    """Register the resource server that FILE describes (- is standard input), or take a new description of it."""
    document = file.read(_LARGEST + 1)
    with opened(begin=True, tells=True) as services:
        proved = prove(document, services.clients)
        try:
            services.resources.save(proved)
        except ScopeTaken as taken:
            raise click.ClickException(f"another resource server has the scope {taken}") from None
        record(services, EventType.RESOURCE_SAVED, resource=proved.resource)
    show_one(describe(proved), as_table)


@resource.command("list", epilog=example("idp resource list --table"))
@table_option
def list_(as_table: bool) -> None:
    """List all resource servers."""
    with reading() as services:
        show_many(_rows(services.resources.all(), as_table), _COLUMNS, as_table)


@resource.command(epilog=example("idp resource show https://api.example.cn"))
@click.argument("uri", metavar="URI")
@table_option
def show(uri: str, as_table: bool) -> None:
    """Show a resource server."""
    with reading() as services:
        show_one(describe(_known(services, uri)), as_table)


@resource.command(epilog=example("idp resource remove https://api.example.cn"))
@click.argument("uri", metavar="URI")
@table_option
def remove(uri: str, as_table: bool) -> None:
    """Remove a resource server: its tokens are good for nothing any more."""
    with opened(tells=True) as services:
        found = _known(services, uri)
        services.resources.remove(uri)
        record(services, EventType.RESOURCE_REMOVED, resource=found.resource)
    show_one(describe(found), as_table)


def _known(services: Services, uri: str) -> Resource:
    for each in services.resources.all():
        if each.resource == uri:
            return each
    raise click.ClickException("there is no such resource server; `idp resource list` shows those there are")


def _rows(found: Iterable[Resource], as_table: bool) -> Iterable[dict[str, Any]]:
    """For people, of the scopes their names alone."""
    return (describe(each) | ({"scopes": list(each.scopes)} if as_table else {}) for each in found)
