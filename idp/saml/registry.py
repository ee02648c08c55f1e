"""Adds, changes and removes service providers, for an operator's verbs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from federation.saml.metadata.document import one_service_provider
from federation.saml.metadata.entity import SpEntity
from idp.clock import Clock
from idp.codec import decode, encode
from idp.login.party import SERVICE_PROVIDERS
from idp.saml.directory import kept
from idp.saml.refreshing import as_stored
from idp.saml.service_provider import ServiceProvider, Terms, members_of, party_id_of
from idp.storage.records.service_providers import FILE, ServiceProviderRecords, StoredServiceProvider
from idp.versions import Versions

_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A service provider for an operator's eyes. `provider` is None where no source says anything of it any more, and
    only what he set is left."""

    party_id: str
    entity_id: str
    sources: tuple[str, ...]
    enabled: bool
    terms: Terms
    is_set: bool
    """Whether an operator set anything."""
    provider: ServiceProvider | None


class ServiceProviderRegistry:
    def __init__(self, records: ServiceProviderRecords, clock: Clock, versions: Versions) -> None:
        self._records = records
        self._clock = clock
        self._versions = versions

    def find(self, named: str) -> Listed | None:
        """By entity id or party id."""
        party_id = named if named.startswith(SERVICE_PROVIDERS) else party_id_of(named)
        stored = self._records.whole(party_id)
        return self._listed(stored) if stored else None

    def all(self) -> Iterator[Listed]:
        """In the order of their party ids, read a page at a time."""
        after = ""
        while page := self._records.page(after, _PAGE):
            yield from map(self._listed, page)
            after = page[-1].party_id

    def add(self, metadata: bytes, terms: Terms | None) -> Listed:
        """Take the service provider that a file describes, or a newer file of the same. Without `terms` those that it
        has stay. Raises `BadMetadata`."""
        return self.keep(one_service_provider(metadata), FILE, terms)

    def keep(self, entity: SpEntity, source: str, terms: Terms | None) -> Listed:
        """The same, of metadata that was read: from a file, or from the source of its own."""
        stored = self._records.settings(party_id_of(entity.entity_id))
        if terms is None:
            terms = decode(stored.document, Terms) if stored else Terms()
        self._records.bring(as_stored(entity, source), _encoded(terms), self._now())
        self._versions.bump()
        return self._again(entity.entity_id)

    def change(self, listed: Listed, terms: Terms) -> Listed:
        """Other terms."""
        self._records.set(listed.party_id, listed.entity_id, _encoded(terms), self._now())
        self._versions.bump()
        return self._again(listed.party_id)

    def set_enabled(self, listed: Listed, enabled: bool) -> Listed:
        """A disabled one is refused everywhere within a second, whatever its metadata says from then on."""
        if not listed.is_set:
            self._records.set(listed.party_id, listed.entity_id, _encoded(listed.terms), self._now())
        self._records.set_enabled(listed.party_id, enabled)
        self._versions.bump()
        return self._again(listed.party_id)

    def remove(self, listed: Listed) -> Listed | None:
        """All that an operator brought and set. What is left is what other sources say. Raises `NotFound` where there
        was nothing of an operator's."""
        self._records.remove(listed.party_id)
        self._versions.bump()
        return self.find(listed.party_id)

    def _again(self, named: str) -> Listed:
        found = self.find(named)
        if found is None:
            raise LookupError("removed meanwhile")
        return found

    def _listed(self, stored: StoredServiceProvider) -> Listed:
        settings = stored.settings
        entity_id = stored.says[0].entity.entity_id if stored.says else settings.entity_id if settings else ""
        return Listed(
            party_id=stored.party_id,
            entity_id=entity_id,
            sources=tuple(sorted(said.entity.source for said in stored.says)),
            enabled=settings.enabled if settings else True,
            terms=decode(settings.document, Terms) if settings else Terms(),
            is_set=settings is not None,
            provider=kept(stored, self._clock.now()) if stored.says else None,
        )

    def _now(self) -> int:
        return int(self._clock.now())


def _encoded(terms: Terms) -> bytes:
    return encode(Terms(**members_of(terms)))
