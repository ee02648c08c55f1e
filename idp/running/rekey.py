"""Re-keying: everything sealed or fingerprinted under an older master key is done anew under the current one.

It runs beside the service, in batches, and may be stopped and started again: what is done is left alone, and what
changes meanwhile is not overwritten. Look-ups go by the fingerprints under every loaded key (`Vault.fingerprints`), so
that a citizen is found before and after. When nothing is left (`Rekeying.left`), the older keys can be taken out of the
master key file. Digests of recovery codes stay as they are: their key is a sealed secret like the others.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from idp.storage.records.records import Records
from idp.storage.records.sealed import PLACES, Resealed, SealedValue
from idp.vault import Unsealable, Vault
from idp.vault.contexts import identifier_context, profile_context, secret_context, signing_key_context, totp_context

_BATCH: Final = 500

_CONTEXTS: Final[Mapping[str, Callable[..., str]]] = {
    "secrets": secret_context,
    "signing_keys": signing_key_context,
    "citizens": profile_context,
    "citizen_identifiers": identifier_context,
    "totp_secrets": totp_context,
}


@dataclass(frozen=True, slots=True)
class RekeyProgress:
    """`done` of `total` values. `failed` are among them: they did not open, or are two of one."""

    done: int
    total: int
    failed: int


class Rekeying:
    def __init__(self, records: Records, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def left(self) -> int:
        """How many values still use another key than the current one."""
        return sum(count for kid, count in self._records.sealed.counts().items() if kid != self._vault.current_kid)

    def unreadable(self) -> int:
        """How many values use a key that is not loaded."""
        return sum(count for kid, count in self._records.sealed.counts().items() if kid not in self._vault.kids)

    def run(self) -> Iterator[RekeyProgress]:
        """Re-key all that is left; tells how far it is after each batch. Raises `RecordsUnavailable`."""
        progress = RekeyProgress(0, self.left(), 0)
        yield progress
        for place in PLACES:
            for batch, failed in self._batches(place):
                progress = RekeyProgress(progress.done + batch, progress.total, progress.failed + failed)
                yield progress

    def _batches(self, place: str) -> Iterator[tuple[int, int]]:
        """Size and failures of each batch of one table."""
        current, after = self._vault.current_kid, None
        while batch := self._records.sealed.batch(place, current, after, _BATCH):
            resealed = [each for each in map(self._resealed, batch) if each is not None]
            unreadable = len(batch) - len(resealed)
            yield len(batch), unreadable + self._records.sealed.replace(place, resealed)
            after = batch[-1].key

    def _resealed(self, value: SealedValue) -> Resealed | None:
        """None for what does not open: it stays as it is, for whoever finds the key it needs."""
        context = _CONTEXTS[value.place](*value.names)
        try:
            plain = self._vault.open(value.sealed, context)
        except Unsealable:
            return None
        sealed = self._vault.seal(plain, context)
        if value.place != "citizen_identifiers":
            return Resealed(value, sealed)
        return Resealed(value, sealed, self._vault.fingerprint(value.names[1], plain.decode()))
