"""What `idp check` looks at on the SAML side: the ends of our certificates, and metadata that ends or cannot be had."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from federation.saml.metadata.certificates import ends_at
from federation.saml.metadata.entity import SpEntity
from idp.codec import decode
from idp.running.finding import NOTE, OK, WRONG, Finding
from idp.saml.keys import KINDS, OPENS, expires_at
from idp.saml.rounds import EXPIRING_SECONDS
from idp.saml.sources import ENTITY, MDQ, Known, Source, Status
from idp.storage.records.keys import StoredKey
from idp.storage.records.metadata_sources import Ending, MetadataSourceRecords
from idp.storage.records.service_providers import FILE, ServiceProviderRecords
from idp.vault import Unsealable, Vault
from idp.vault.contexts import signing_key_context

CERTIFICATE_DAYS: Final = 180
"""Service providers that were given our metadata by hand need months to take another."""
_DAY: Final = 86_400
_PIN_SECONDS: Final = 60 * _DAY
_ROLLOVER_SECONDS: Final = 30 * _DAY
_LATE: Final = 3
"""Turns that a source may miss: it takes its time, and the service may just have been started."""


def about_certificates(keys: Sequence[StoredKey], vault: Vault, now: float) -> Iterator[Finding]:
    """Of those in use. Nobody has to act on the end of a certificate of ours, and some do."""
    for key in keys:
        if key.alg not in KINDS or key.state != "active":
            continue
        named = f"the {key.alg} key, which {'decrypts' if key.alg == OPENS else 'signs'} for SAML,"
        left = int((expires_at(key) - now) / _DAY)
        try:
            vault.open(key.sealed, signing_key_context(key.kid))
        except Unsealable:
            yield Finding("keys", WRONG, f"{named} cannot be read", "bring back its master key")
            continue
        if left < CERTIFICATE_DAYS:
            todo = f"tell who keeps our metadata by hand, then run `idp key rotate --alg {key.alg}`"
            yield Finding("keys", WRONG, f"{named} has a certificate that ends in {left} days", todo)
        else:
            yield Finding("keys", OK, f"{named} has a certificate that is good for {left} days")


def about_metadata(records: MetadataSourceRecords, now: float) -> Iterator[Finding]:
    """Of what operators brought, what ends soon; and how the sources are."""
    for each in records.ending(int(now) + EXPIRING_SECONDS):
        ended = "has ended: nobody can sign in there" if each.valid_until <= now else f"ends in {_days(each, now)} days"
        verb = "idp sp add FILE" if each.source == FILE else f"idp sp refresh {each.party_id}"
        todo = f"ask those who run it for newer metadata, then `{verb}`"
        yield Finding("metadata", WRONG, f"that of {each.entity_id} {ended}", todo)
    for stored in records.all():
        known = Known(decode(stored.document, Source), decode(stored.status, Status), stored.valid_until)
        yield from _about_source(known, now)


def about_files(records: ServiceProviderRecords, now: float) -> Iterator[Finding]:
    """A certificate's end means nothing to us, and is when many change their key: of which nobody tells us where the
    metadata came as a file."""
    for entity_id, document in records.files():
        ends = [end for key in decode(document, SpEntity).keys if (end := ends_at(key.certificate)) is not None]
        if ends and now < max(ends) < now + _ROLLOVER_SECONDS:
            left = int((max(ends) - now) / _DAY)
            todo = "ask those who run it whether their key changes then, and for metadata with both"
            yield Finding("metadata", NOTE, f"the last certificate of {entity_id} ends in {left} days", todo)


def _about_source(known: Known, now: float) -> Iterator[Finding]:
    source, status = known.source, known.status
    named = f"the address {source.url}" if source.kind == ENTITY else f"the source {source.name}"
    noun = "sp" if source.kind == ENTITY else "metadata"
    again = f"put that right, then `idp {noun} refresh {source.name}`"
    if status.failed_since is not None:
        hours = int((now - status.failed_since) / 3600)
        why = f"{named} cannot be had for {hours} hours: {status.error}{_until(known)}"
        yield Finding("metadata", WRONG, why, again)
    elif status.refreshed_at is None or now - status.refreshed_at > _LATE * source.refresh_seconds:
        yield Finding("metadata", WRONG, f"{named} was not asked in its turn", "see that `idp serve` runs")
    else:
        yield Finding("metadata", OK, f"{named} is fresh, with {status.entities} service providers")
    if status.skipped:
        todo = "tell those who publish it; `idp metadata show` counts them"
        yield Finding("metadata", NOTE, f"{status.skipped} service providers of {named} cannot be read", todo)
    ends = [end for each in source.certificates if (end := ends_at(each)) is not None]
    if ends and max(ends) < now + _PIN_SECONDS:
        todo = "nothing stops then; ask whether another key signs from then on, and pin it besides"
        left = int((max(ends) - now) / _DAY)
        yield Finding("metadata", NOTE, f"the certificate pinned to {named} ends in {left} days", todo)


def _until(known: Known) -> str:
    if known.source.kind == MDQ:
        return "; what was had before is used until it ends"
    if known.valid_until is None:
        return "; the last copy is used"
    return f"; the last copy is used until {_moment(known.valid_until)}"


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _days(ending: Ending, now: float) -> int:
    return int((ending.valid_until - now) / _DAY)
