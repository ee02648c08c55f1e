"""`idp metadata …`: the sources that metadata of many service providers comes from."""

from dataclasses import asdict
from typing import Any, BinaryIO

import click

from federation.saml.metadata.certificates import certificates_in
from idp.app import Services
from idp.audit.events import EventType
from idp.cli.example import example
from idp.cli.opened import opened, reading, record
from idp.cli.output import moment, show_many, show_one, table_option
from idp.saml.refreshing import RefreshFailed
from idp.saml.sources import AGGREGATE, ENTITY, MDQ, REFRESH_SECONDS, Known, Source, named

_LARGEST = 100_000
_COLUMNS = ("name", "kind", "entities", "refreshed_at", "valid_until", "error")


@click.group()
def metadata() -> None:
    """Sources of metadata: federations' signed aggregates, and servers that are asked for one entity (MDQ)."""


@metadata.command(
    epilog=example(
        "idp metadata add carsi https://federation.example.cn/metadata.xml --certificate federation.pem",
        "idp metadata add edugain https://mdq.example.org/ --mdq --certificate mdq.pem",
    )
)
@click.argument("name")
@click.argument("url")
@click.option("--certificate", type=click.File("rb"), required=True, help="Who signs it: one certificate or more, PEM.")
@click.option("--mdq", is_flag=True, help="URL is a server that is asked for each entity when it is needed.")
@click.option(
    "--every",
    type=click.IntRange(60, 7 * 86_400),
    default=REFRESH_SECONDS,
    show_default=True,
    help="After how many seconds it is fetched again.",
)
@table_option
def add(name: str, url: str, certificate: BinaryIO, mdq: bool, every: int, as_table: bool) -> None:
    """Add a source, or change one, and fetch it at once. It is fetched again by itself while the service runs."""
    pinned = certificates_in(certificate.read(_LARGEST))
    source = Source(named(name), MDQ if mdq else AGGREGATE, url, pinned, every)
    with opened(begin=True, tells=True) as services:
        before = services.metadata_sources.find(name)
        services.metadata_sources.save(source)
        try:
            services.refreshing.refresh(_known(services, name))
        except RefreshFailed:
            if before is None:
                services.metadata_sources.remove(name)
            else:
                services.metadata_sources.save(before.source)
            raise
        record(services, EventType.METADATA_SOURCE_SAVED)
        show_one(_described(_known(services, name)), as_table)


@metadata.command("list", epilog=example("idp metadata list --table"))
@table_option
def list_(as_table: bool) -> None:
    """List all sources, with how they are."""
    with reading() as services:
        rows = [_described(known) for known in services.metadata_sources.all() if known.source.kind != ENTITY]
    show_many(rows, _COLUMNS, as_table)


@metadata.command(epilog=example("idp metadata show carsi"))
@click.argument("name")
@table_option
def show(name: str, as_table: bool) -> None:
    """Show a source."""
    with reading() as services:
        show_one(_described(_known(services, name)), as_table)


@metadata.command(epilog=example("idp metadata refresh carsi"))
@click.argument("name")
@click.option("--force", is_flag=True, help="Even if most of its service providers are gone.")
@table_option
def refresh(name: str, force: bool, as_table: bool) -> None:
    """Fetch a source again, now."""
    with opened(tells=True) as services:
        done = services.refreshing.refresh(_known(services, name), force=force)
        record(services, EventType.METADATA_SOURCE_REFRESHED, count=done.changed)
        show_one(_described(_known(services, name)) | asdict(done), as_table)


@metadata.command(epilog=example("idp metadata remove carsi"))
@click.argument("name")
@table_option
def remove(name: str, as_table: bool) -> None:
    """Remove a source and all that it said. What you set of its service providers stays."""
    with opened(tells=True) as services:
        found = _known(services, name)
        services.metadata_sources.remove(name)
        record(services, EventType.METADATA_SOURCE_REMOVED)
    show_one(_described(found), as_table)


def _known(services: Services, name: str) -> Known:
    found = services.metadata_sources.find(name)
    if found is None or found.source.kind == ENTITY:
        raise click.ClickException("there is no such source; `idp metadata list` shows those there are")
    return found


def _described(known: Known) -> dict[str, Any]:
    source, status = known.source, known.status
    return {
        "name": source.name,
        "kind": source.kind,
        "url": source.url,
        "certificates": len(source.certificates),
        "every": source.refresh_seconds,
        "entities": status.entities,
        "skipped": status.skipped,
        "checked_at": moment(status.checked_at),
        "refreshed_at": moment(status.refreshed_at),
        "valid_until": moment(known.valid_until),
        "failed_since": moment(status.failed_since),
        "error": status.error or None,
    }
