"""`idp sp …`: SAML service providers, by their metadata and by what an operator sets of them."""

from dataclasses import replace
from typing import Any, BinaryIO

import click

from federation.saml.metadata.certificates import certificates_in
from idp.app import Services
from idp.audit.events import EventType
from idp.cli.example import example
from idp.cli.opened import opened, reading, record
from idp.cli.output import moment, show_many, show_one, table_option
from idp.login.party import CONSENT
from idp.saml.registry import Listed, ServiceProviderRegistry
from idp.saml.service_provider import Terms, party_id_of
from idp.saml.sources import ENTITY, Source
from idp.saml.terms import MAX_LENGTH, describe, parse
from idp.storage.records.service_providers import FILE

_LARGEST = 1_000_001
_COLUMNS = ("entity_id", "party_id", "name", "source", "valid_until", "enabled")


@click.group()
def sp() -> None:
    """Register and manage SAML service providers."""


@sp.command(
    epilog=example(
        "idp sp add metadata.xml --settings portal.json",
        "idp sp add https://portal.example.cn/saml/metadata --certificate portal.pem --settings portal.json",
    )
)
@click.argument("place", metavar="FILE|URL")
@click.option(
    "--settings",
    type=click.File("rb"),
    help='What you set of it, JSON: {"purpose#zh-CN": "…", "retention#zh-CN": "…", "attributes": ["name"]} …',
)
@click.option("--certificate", type=click.File("rb"), help="Of a URL: whose signature its metadata must have, PEM.")
@click.option("--unsigned", is_flag=True, help="Of a URL: whatever https brings from there is taken.")
@table_option
def add(place: str, settings: BinaryIO | None, certificate: BinaryIO | None, unsigned: bool, as_table: bool) -> None:
    """Register the service provider whose metadata is in FILE (- is standard input), or take newer metadata of it.
    Metadata at a URL is fetched again every hour."""
    remote = place.startswith(("https://", "http://"))
    if remote != (bool(certificate) or unsigned) or (certificate and unsigned):
        raise click.UsageError("a URL needs either --certificate or --unsigned, and a file neither")
    terms = _terms(settings) if settings else None
    metadata = b"" if remote else _read(place)
    pinned = certificates_in(certificate.read(_LARGEST)) if certificate else ()
    with opened(begin=True, tells=True) as services:
        added = _fetched(services, place, pinned, terms) if remote else registry(services).add(metadata, terms)
        record(services, EventType.SERVICE_PROVIDER_SAVED, client_id=added.party_id)
    show_one(described(added), as_table)
    _unsaid(added)


@sp.command(epilog=example("idp sp refresh https://portal.example.cn/saml"))
@click.argument("entity", metavar="ENTITY")
@click.option("--force", is_flag=True, help="Of a federation: even if most of its service providers are gone.")
@table_option
def refresh(entity: str, force: bool, as_table: bool) -> None:
    """Fetch the metadata of a service provider again, now; with it all that its source has."""
    with opened(tells=True) as services:
        found = _known(services, entity)
        sources = [known for name in found.sources if name and (known := services.metadata_sources.find(name))]
        if not sources:
            raise click.ClickException("its metadata came as a file: bring a newer one with `idp sp add`")
        for known in sources:
            services.refreshing.refresh(known, force=force)
            record(services, EventType.METADATA_SOURCE_REFRESHED, client_id=found.party_id)
        show_one(described(_known(services, entity)), as_table)


@sp.command(epilog=example("idp sp change https://portal.example.cn/saml portal.json"))
@click.argument("entity", metavar="ENTITY")
@click.argument("file", type=click.File("rb"))
@table_option
def change(entity: str, file: BinaryIO, as_table: bool) -> None:
    """Set of a service provider what FILE says (JSON, - is standard input), which is the whole of it; also of one that
    comes from a source of metadata."""
    terms = _terms(file)
    with opened(tells=True) as services:
        changed = registry(services).change(_known(services, entity), terms)
        record(services, EventType.SERVICE_PROVIDER_SAVED, client_id=changed.party_id)
    show_one(described(changed), as_table)
    _unsaid(changed)


@sp.command("list", epilog=example("idp sp list --table"))
@table_option
def list_(as_table: bool) -> None:
    """List all service providers."""
    with reading() as services:
        show_many((described(each) for each in registry(services).all()), _COLUMNS, as_table)


@sp.command(epilog=example("idp sp show https://portal.example.cn/saml"))
@click.argument("entity", metavar="ENTITY")
@table_option
def show(entity: str, as_table: bool) -> None:
    """Show a service provider, by its entity id or its party id."""
    with reading() as services:
        show_one(described(_known(services, entity)), as_table)


@sp.command(epilog=example("idp sp disable https://portal.example.cn/saml"))
@click.argument("entity", metavar="ENTITY")
@table_option
def disable(entity: str, as_table: bool) -> None:
    """Refuse a service provider everywhere, whatever its metadata says, until it is enabled again."""
    _set_enabled(entity, False, EventType.SERVICE_PROVIDER_DISABLED, as_table)


@sp.command(epilog=example("idp sp enable https://portal.example.cn/saml"))
@click.argument("entity", metavar="ENTITY")
@table_option
def enable(entity: str, as_table: bool) -> None:
    """Serve a disabled service provider again."""
    _set_enabled(entity, True, EventType.SERVICE_PROVIDER_ENABLED, as_table)


@sp.command(epilog=example("idp sp remove https://portal.example.cn/saml"))
@click.argument("entity", metavar="ENTITY")
@table_option
def remove(entity: str, as_table: bool) -> None:
    """Remove a service provider that you brought, and what you set of it. What a source of metadata says stays."""
    with opened(tells=True) as services:
        found = _known(services, entity)
        if not found.is_set:
            raise click.ClickException(f"it comes from {', '.join(found.sources)}: `idp sp disable` refuses it")
        left = registry(services).remove(found)
        record(services, EventType.SERVICE_PROVIDER_REMOVED, client_id=found.party_id)
    show_one(described(found), as_table)
    if left:
        click.echo(f"it is still there, without settings, from {', '.join(left.sources)}", err=True)


def registry(services: Services) -> ServiceProviderRegistry:
    return ServiceProviderRegistry(services.records.service_providers, services.clock, services.versions)


def described(listed: Listed) -> dict[str, Any]:
    """As an operator sees it."""
    document: dict[str, Any] = {
        "entity_id": listed.entity_id,
        "party_id": listed.party_id,
        "enabled": listed.enabled,
        "source": [_source(listed, source) for source in listed.sources],
        "settings": describe(listed.terms) if listed.is_set else None,
    }
    provider = listed.provider
    if provider is None:
        return document | {"name": None, "valid_until": None}
    entity = provider.entity
    return document | {
        "name": next(iter(provider.names.values())),
        "valid_until": moment(provider.valid_until),
        "assertion_consumers": [each.location for each in entity.assertion_consumers],
        "single_logout": [each.location for each in entity.single_logout],
        "requested_attributes": [each.name for service in entity.attribute_services for each in service.requested],
        "keys": [each.use or "signing and encryption" for each in entity.keys],
    }


def _source(listed: Listed, source: str) -> str:
    return {FILE: "file", listed.party_id: "address"}.get(source, source)


def _read(place: str) -> bytes:
    with click.open_file(place, "rb") as file:
        raw: bytes = file.read(_LARGEST)
    return raw


def _fetched(services: Services, url: str, pinned: tuple[str, ...], terms: Terms | None) -> Listed:
    """From now on fetched again and again."""
    asked = Source("", ENTITY, url, pinned)
    entity = services.refreshing.fetch_one(asked)
    party_id = party_id_of(entity.entity_id)
    services.metadata_sources.save(replace(asked, name=party_id))
    return registry(services).keep(entity, party_id, terms)


def _terms(file: BinaryIO) -> Terms:
    return parse(file.read(MAX_LENGTH + 1))


def _unsaid(added: Listed) -> None:
    """What was accepted, and is perhaps not what was meant."""
    terms = added.terms
    missing = [name for name in ("purpose", "retention") if not getattr(terms, name)]
    if terms.lawful_basis == CONSENT and missing:
        click.echo(f"the consent page will say that this is not stated: {', '.join(missing)}", err=True)


def _set_enabled(entity: str, enabled: bool, kind: EventType, as_table: bool) -> None:
    with opened(tells=True) as services:
        found = registry(services).set_enabled(_known(services, entity), enabled)
        record(services, kind, client_id=found.party_id)
    show_one(described(found), as_table)


def _known(services: Services, entity: str) -> Listed:
    found = registry(services).find(entity)
    if found is None:
        raise click.ClickException("there is no such service provider; `idp sp list` shows those there are")
    return found
