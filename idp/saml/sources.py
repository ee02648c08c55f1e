"""Where metadata comes from over the network: what an operator named, and how it went."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from idp.clock import Clock
from idp.codec import decode, encode
from idp.login.party import SERVICE_PROVIDERS
from idp.storage.records.metadata_sources import MetadataSourceRecords, StoredSource
from idp.versions import Shelf, Versions

ENTITY, AGGREGATE, MDQ = KINDS = ("entity", "aggregate", "mdq")
"""The metadata of one service provider; that of many in one document; that of each, asked for by its name."""
REFRESH_SECONDS: Final = 3600
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)


class BadSource(ValueError):
    """A source that cannot be. Says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """`certificates` (DER in base64) carry the keys that sign what comes from there; there are none where an operator
    said that one entity's metadata is taken unsigned, over https."""

    name: str
    kind: str
    url: str
    certificates: tuple[str, ...] = ()
    refresh_seconds: int = REFRESH_SECONDS


@dataclass(frozen=True, slots=True)
class Status:
    """How it went. Times are seconds since the epoch: when the source was asked last, when it was last found good, and
    since when it is not. `etag` and `last_modified` are what it said of its last good document; `skipped` counts
    entities in it that could not be read."""

    checked_at: int | None = None
    refreshed_at: int | None = None
    failed_since: int | None = None
    error: str = ""
    etag: str = ""
    last_modified: str = ""
    entities: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """A source as it stands."""

    source: Source
    status: Status
    valid_until: int | None


class Sources:
    def __init__(self, records: MetadataSourceRecords, versions: Versions, clock: Clock) -> None:
        self._records = records
        self._versions = versions
        self._clock = clock
        self._mdq: Shelf[tuple[Source, ...]] = Shelf(versions, capacity=1)

    def all(self) -> Sequence[Known]:
        """In the order of their names."""
        return [_known(each) for each in self._records.all()]

    def find(self, name: str) -> Known | None:
        stored = self._records.find(name)
        return _known(stored) if stored else None

    def mdq(self) -> Sequence[Source]:
        """Those that are asked for one entity; every worker remembers them."""
        return self._mdq.get("mdq", self._load_mdq) or ()

    def save(self, source: Source) -> None:
        """Add a source, or change what it is: it is asked anew then."""
        self._records.save(source.name, encode(source), encode(Status()))
        self._versions.bump()

    def remove(self, name: str) -> None:
        """With all that it said; what operators set of its service providers stays. Raises `NotFound`."""
        self._records.remove(name)
        self._versions.bump()

    def _load_mdq(self, _name: str) -> tuple[Source, ...]:
        return tuple(each.source for each in self.all() if each.source.kind == MDQ)


def named(name: str) -> str:
    """A name that an operator may give a source. Raises `BadSource`."""
    if not _NAME.fullmatch(name) or name.startswith(SERVICE_PROVIDERS):
        raise BadSource(f"the name: 1 to 32 of a-z 0-9 -, not beginning with a digit or {SERVICE_PROVIDERS}")
    return name


def _known(stored: StoredSource) -> Known:
    return Known(decode(stored.document, Source), decode(stored.status, Status), stored.valid_until)
