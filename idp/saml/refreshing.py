"""Sources of metadata, asked again: what they say is verified, split by service provider and put into SQL in one
transaction. Where that fails, for whatever reason, the last good copy stays in use and everybody who watches is told.

Only what changed is read and written: an entity whose digest is that of last time is left alone.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from federation.fetch import Fetcher, FetchError, Reason, Response
from federation.saml.credentials import PublicKey
from federation.saml.metadata import mdq
from federation.saml.metadata.document import (
    MAX_AGGREGATE_BYTES,
    MAX_BYTES,
    Described,
    Trusted,
    one_of,
    one_service_provider,
    proved,
)
from federation.saml.metadata.entity import EntityKey, SpEntity
from federation.saml.metadata.reading import BadMetadata
from federation.saml.verifying import keys_of
from idp.clock import Clock
from idp.codec import encode
from idp.saml.service_provider import party_id_of
from idp.saml.sources import AGGREGATE, MDQ, Known, Source, Status
from idp.storage.records.errors import NotFound
from idp.storage.records.metadata_sources import MetadataSourceRecords
from idp.storage.records.service_providers import ServiceProviderRecords, StoredEntity
from idp.versions import Versions

TIMEOUT_SECONDS: Final = 120.0
"""For an aggregate; nobody waits for it."""
ENTITY_TIMEOUT_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 300
"""A source that failed is asked again after this long, or when its turn comes if that is sooner."""
FEW: Final = 10
"""Of fewer entities than this, any number may go at once; of more, half."""
MDQ_AT_ONCE: Final = 50
OLDER_SECONDS: Final = 86_400
"""By so much what a source said of its end may go back: one server of several may be behind another."""
NOT_MODIFIED: Final = 304

_log = logging.getLogger(__name__)


class RefreshFailed(Exception):
    """Nothing was changed. The text says why, in words for an operator; nothing of what was answered is quoted."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh changed, in entities. `skipped` could not be read: what was known of them before is gone."""

    entities: int
    changed: int
    gone: int
    skipped: int


class Refreshing:
    def __init__(
        self,
        sources: MetadataSourceRecords,
        providers: ServiceProviderRecords,
        fetcher: Callable[[], Fetcher],
        clock: Clock,
        versions: Versions,
    ) -> None:
        self._sources = sources
        self._providers = providers
        self._fetcher = fetcher
        self._clock = clock
        self._versions = versions

    def refresh(self, known: Known, *, force: bool = False) -> Refreshed:
        """Ask a source now. With `force` what it says counts even if most of its entities are gone. Raises
        `RefreshFailed`, which is noted, too."""
        try:
            if known.source.kind == MDQ:
                return self._each(known)
            return self._whole(known, force)
        except (FetchError, BadMetadata, RefreshFailed) as error:
            why = _why(error)
            self._note_failure(known, why)
            raise RefreshFailed(why) from None

    def ask(self, source: Source, entity_id: str) -> SpEntity | None:
        """What a source that is asked for single entities says of this one; None if it knows none of that name. Raises
        `FetchError` or `BadMetadata`."""
        address = mdq.address(source.url, entity_id)
        answer = self._get(address, {}, ENTITY_TIMEOUT_SECONDS, MAX_BYTES)
        if answer.status == 404:
            return None
        entity = one_of(proved(_body(answer), keys_of_source(source), self._clock.now(), MAX_BYTES))
        if entity.entity_id != entity_id:
            raise BadMetadata("the metadata of another entity")
        return entity

    def fetch_one(self, source: Source) -> SpEntity:
        """What the address of one service provider says now. Raises `RefreshFailed`."""
        try:
            answer = self._get(source.url, {}, ENTITY_TIMEOUT_SECONDS, MAX_BYTES)
            return self._one(source, _body(answer))
        except (FetchError, BadMetadata) as error:
            raise RefreshFailed(_why(error)) from None

    # -- a document as a whole ---------------------------------------------------------------------------------------

    def _whole(self, known: Known, force: bool) -> Refreshed:
        aggregate = known.source.kind == AGGREGATE
        timeout, limit = (TIMEOUT_SECONDS, MAX_AGGREGATE_BYTES) if aggregate else (ENTITY_TIMEOUT_SECONDS, MAX_BYTES)
        answer = self._get(known.source.url, _unless(known.status), timeout, limit)
        if answer.status == NOT_MODIFIED and known.status.refreshed_at is not None:
            if known.valid_until is not None and known.valid_until <= self._clock.now():
                raise BadMetadata("its validUntil has passed")
            self._note(known, known.status)
            return Refreshed(known.status.entities, 0, 0, known.status.skipped)
        body = _body(answer)
        return self._aggregate(known, answer, body, force) if aggregate else self._entity(known, answer, body)

    def _aggregate(self, known: Known, answer: Response, body: bytes, force: bool) -> Refreshed:
        name, trusted = known.source.name, proved(body, keys_of_source(known.source), self._clock.now())
        if not force and known.status.refreshed_at is not None and _is_older(trusted.valid_until, known.valid_until):
            raise RefreshFailed(
                "its validUntil is before that of the last copy, which stays in use: an old copy says again what was "
                f"taken back since; if it is right, run `idp metadata refresh {name} --force`"
            )
        before = self._providers.digests(name)
        changed, kept, skipped = split(trusted, before, name)
        gone = [party_id for party_id in before if party_id not in kept]
        if len(before) >= FEW and len(gone) * 2 > len(before) and not force:
            raise RefreshFailed(
                f"{len(gone)} of {len(before)} service providers are gone from it: the last copy stays in use; if that "
                f"is right, run `idp metadata refresh {name} --force`"
            )
        status = _good(known.status, answer, self._now(), len(kept), skipped)
        self._sources.bring(name, changed, gone, encode(status), trusted.valid_until)
        if changed or gone:
            self._versions.bump()
        return Refreshed(len(kept), len(changed), len(gone), skipped)

    def _entity(self, known: Known, answer: Response, body: bytes) -> Refreshed:
        entity = self._one(known.source, body)
        if party_id_of(entity.entity_id) != known.source.name:
            raise BadMetadata("the metadata of another entity")
        last = self._last(known.source.name, known.source.name)
        if known.source.certificates and last is not None and _is_older(entity.valid_until, last.valid_until):
            raise BadMetadata("older than the last copy, which stays in use; `idp sp add` takes it all the same")
        stored = as_stored(entity, known.source.name)
        is_new = self._providers.digests(known.source.name).get(stored.party_id) != stored.digest
        status = _good(known.status, answer, self._now(), 1, 0)
        self._sources.bring(known.source.name, [stored] if is_new else [], [], encode(status), None)
        if is_new:
            self._versions.bump()
        return Refreshed(1, int(is_new), 0, 0)

    def _one(self, source: Source, body: bytes) -> SpEntity:
        """Raises `BadMetadata`."""
        if source.certificates:
            return one_of(proved(body, keys_of_source(source), self._clock.now(), MAX_BYTES))
        entity = one_service_provider(body)
        if entity.valid_until is not None and entity.valid_until <= self._clock.now():
            raise BadMetadata("its validUntil has passed")
        return entity

    # -- each entity by itself ---------------------------------------------------------------------------------------

    def _each(self, known: Known) -> Refreshed:
        """Those that were asked for on demand, and not lately. One of whom something else is said than must be keeps
        what was known of it, and waits for its next turn; the others have theirs. Where nothing good comes at all, the
        source has failed."""
        source, now = known.source, self._now()
        changed, gone, put_off = [], [], []
        stale = self._sources.stale(source.name, now - source.refresh_seconds, MDQ_AT_ONCE)
        failure: Exception | None = None
        for party_id, entity_id in stale:
            last = self._last(party_id, source.name)
            try:
                entity = self.ask(source, entity_id)
                if entity is not None and last is not None and _is_older(entity.valid_until, last.valid_until):
                    raise BadMetadata("older than the last")
            except (FetchError, BadMetadata) as error:
                if _is_away(error):
                    raise
                failure = error
                if last is not None:
                    put_off.append(dataclasses.replace(last, checked_at=now))
                continue
            if entity is None:
                gone.append(party_id)
            else:
                changed.append(as_stored(entity, source.name, now))
        if failure and not (changed or gone):
            raise failure
        count = len(self._providers.digests(source.name)) - len(gone)
        # where there may be more, its turn comes with the next round
        checked_at = now if len(stale) < MDQ_AT_ONCE else None
        status = Status(checked_at=checked_at, refreshed_at=now, entities=count, skipped=len(put_off))
        self._sources.bring(source.name, [*changed, *put_off], gone, encode(status), None)
        if changed or gone:
            self._versions.bump()
        return Refreshed(count, len(changed), len(gone), len(put_off))

    def _last(self, party_id: str, source: str) -> StoredEntity | None:
        """What the source said of an entity last."""
        stored = self._providers.find(party_id)
        said = (each.entity for each in stored.says) if stored else ()
        return next((each for each in said if each.source == source), None)

    # -- what is noted -----------------------------------------------------------------------------------------------

    def _note(self, known: Known, status: Status) -> None:
        """The same as before is as good as new."""
        now = self._now()
        good = dataclasses.replace(status, checked_at=now, refreshed_at=now, failed_since=None, error="")
        self._sources.note(known.source.name, encode(good))

    def _note_failure(self, known: Known, why: str) -> None:
        since = known.status.failed_since or self._now()
        failed = dataclasses.replace(known.status, checked_at=self._now(), failed_since=since, error=why)
        try:
            self._sources.note(known.source.name, encode(failed))
        except NotFound:  # removed meanwhile
            return
        _log.error("a source of metadata cannot be refreshed", extra={"reason": why, "source": known.source.name})

    def _get(self, url: str, unless: Mapping[str, str], timeout: float, limit: int) -> Response:
        return self._fetcher().get_changed(url, mdq.CONTENT_TYPE, unless, timeout, limit)

    def _now(self) -> int:
        return int(self._clock.now())


def split(trusted: Trusted, before: Mapping[str, str], source: str) -> tuple[list[StoredEntity], set[str], int]:
    """Of a proved document: the entities that are others than `before`, digests by party id; the party ids of all that
    could be read; and how many could not."""
    changed: list[StoredEntity] = []
    kept: set[str] = set()
    skipped = 0
    for described in trusted.service_providers():
        party_id = party_id_of(described.entity_id)
        if before.get(party_id) != described.digest:
            try:
                changed.append(_stored(described, source))
            except BadMetadata:
                skipped += 1
                continue
        kept.add(party_id)
    return changed, kept, skipped


def as_stored(entity: SpEntity, source: str, checked_at: int | None = None) -> StoredEntity:
    """An entity that came alone."""
    document = encode(entity)
    return StoredEntity(
        *(party_id_of(entity.entity_id), entity.entity_id, source, document, sha256(document).hexdigest()),
        valid_until=entity.valid_until,
        checked_at=checked_at,
    )


def _is_older(until: int | None, before: int | None) -> bool:
    """Whether who published this, good `until` then, had published what was good until `before` already."""
    return until is not None and before is not None and until < before - OLDER_SECONDS


def _is_away(error: FetchError | BadMetadata) -> bool:
    """Whether it is the server's matter, and not that of the entity it was asked for."""
    return isinstance(error, FetchError) and error.reason is not Reason.TOO_LARGE


def due(known: Known, now: float) -> bool:
    """Whether it is time to ask a source again."""
    status, every = known.status, known.source.refresh_seconds
    if status.checked_at is None:
        return True
    return now - status.checked_at >= (min(every, RETRY_SECONDS) if status.failed_since else every)


def keys_of_source(source: Source) -> tuple[PublicKey, ...]:
    return keys_of([EntityKey(each) for each in source.certificates], "signing")


def _stored(described: Described, source: str) -> StoredEntity:
    entity = described.read()
    return StoredEntity(
        *(party_id_of(entity.entity_id), entity.entity_id, source, encode(entity), described.digest),
        valid_until=entity.valid_until,
    )


def _unless(status: Status) -> dict[str, str]:
    if status.etag:
        return {"If-None-Match": status.etag}
    return {"If-Modified-Since": status.last_modified} if status.last_modified else {}


def _good(before: Status, answer: Response, now: int, entities: int, skipped: int) -> Status:
    etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    return dataclasses.replace(
        before,
        checked_at=now,
        refreshed_at=now,
        failed_since=None,
        error="",
        etag=etag if len(etag) <= 200 else "",
        last_modified=modified if len(modified) <= 60 else "",
        entities=entities,
        skipped=skipped,
    )


def _body(answer: Response) -> bytes:
    """Raises `BadMetadata`."""
    if answer.status != 200:
        raise BadMetadata(f"its server answers {answer.status}")
    return answer.body


def _why(error: Exception) -> str:
    if isinstance(error, FetchError):
        return _FETCHING.get(error.reason.value, f"the call failed: {error.reason.value}")
    return str(error)


_FETCHING: Final = {
    "forbidden_url": "its address may not be called: https, or a host:port in IDP_OUTBOUND_ALLOW",
    "forbidden_address": "its address is a private one: put its host:port into IDP_OUTBOUND_ALLOW",
    "unresolved": "its name cannot be resolved",
    "untrusted": "its TLS certificate is not trusted: name the authority in IDP_CA_FILE",
    "too_large": "its document is too large",
    "timed_out": "it did not answer in time",
    "redirected": "it redirects elsewhere: name the address itself",
}
