"""Looks service providers up: their metadata in the records, a bounded number of them kept in each worker while their
version stands. However many a federation has, a worker holds those that citizens come from."""

from typing import Final

from federation.saml.metadata.entity import SpEntity
from federation.saml.metadata.reading import MAX_ENTITY_ID
from idp.clock import Clock
from idp.codec import decode
from idp.saml.on_demand import OnDemand
from idp.saml.service_provider import ServiceProvider, Terms, members_of, party_id_of
from idp.storage.records.service_providers import FILE, Said, ServiceProviderRecords, StoredServiceProvider
from idp.versions import Shelf, Versions

CAPACITY: Final = 1_000
"""Service providers a worker keeps in memory."""
_NEVER: Final = 1 << 60


class ServiceProviders:
    def __init__(self, records: ServiceProviderRecords, versions: Versions, clock: Clock, on_demand: OnDemand) -> None:
        self._records = records
        self._clock = clock
        self._on_demand = on_demand
        self._shelf: Shelf[ServiceProvider] = Shelf(versions, CAPACITY)

    def get(self, entity_id: str) -> ServiceProvider | None:
        """The service provider of that name, enabled or not; None if there is none whose metadata may be used now. One
        that is not known may be asked for, which takes seconds at most (`on_demand.py`)."""
        party_id = party_id_of(entity_id)
        known = self.known(party_id)
        if known is not None and not _expired(known, self._clock.now()):
            return known
        if known is not None and known.source in _own(party_id):  # nobody else is asked for what an operator brought
            return None
        may_be = 0 < len(entity_id) <= MAX_ENTITY_ID and self._on_demand.bring(entity_id)
        return self.by_party(party_id) if may_be else None

    def by_party(self, party_id: str) -> ServiceProvider | None:
        """The same, by its party id."""
        found = self.known(party_id)
        return None if found is None or _expired(found, self._clock.now()) else found

    def enabled(self, party_id: str) -> ServiceProvider | None:
        """The same, if it is not disabled: one that may ask, and be answered."""
        found = self.by_party(party_id)
        return found if found and found.enabled else None

    def known(self, party_id: str) -> ServiceProvider | None:
        """The service provider, also if its metadata has expired: to say who it was, and for nothing else."""
        if "\0" in party_id:  # PostgreSQL takes no such text
            return None
        found = self._shelf.get(party_id, self._load)
        if found is not None and _expired(found, self._clock.now()):
            # its source may have set a new limit since, which changes no version
            found = self._load(party_id)
        return found

    def _load(self, party_id: str) -> ServiceProvider | None:
        stored = self._records.find(party_id)
        return kept(stored, self._clock.now()) if stored else None


def kept(stored: StoredServiceProvider, now: float) -> ServiceProvider:
    """A service provider as it stands in the records. What an operator brought stands, also when it has ended: what he
    set was for those keys and addresses, and whoever a federation lets speak for the name later shall not inherit it.
    Else the first source says who it is whose word still counts."""
    own = _own(stored.party_id)
    said = min(stored.says, key=lambda each: (each.entity.source not in own, _limit(each) <= now, _order(each)))
    limit = _limit(said)
    terms = decode(stored.settings.document, Terms) if stored.settings else Terms()
    return ServiceProvider(
        **members_of(terms),
        party_id=stored.party_id,
        entity=decode(said.entity.document, SpEntity),
        source=said.entity.source,
        valid_until=None if limit == _NEVER else limit,
        enabled=stored.settings.enabled if stored.settings else True,
    )


def _own(party_id: str) -> tuple[str, str]:
    """Sources that an operator named for it alone."""
    return (FILE, party_id)


def _order(said: Said) -> str:
    return said.entity.source


def _limit(said: Said) -> int:
    limits = (said.entity.valid_until, said.source_valid_until)
    return min((limit for limit in limits if limit is not None), default=_NEVER)


def _expired(provider: ServiceProvider, now: float) -> bool:
    return provider.valid_until is not None and provider.valid_until <= now
