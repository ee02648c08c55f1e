"""What waits for a citizen to look at it (CIBA): his requests, a few at a time, and whom he does not want to hear from.

A request for somebody who is not there is kept in the same way, in an inbox that nobody opens: whoever asks learns
nothing from the answer, nor from the time it takes. For the same reason one that is too many is kept and not shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from idp.clock import Clock
from idp.codec import decode, encode
from idp.secrets import digest, shard_for
from idp.storage.state import Conflict, Gone, Key, StateStore

OF_ONE_CLIENT: Final = 3
OF_ALL: Final = 12
"""Requests that wait for a citizen at a time. Answered ones count until their time is over, so that nobody is asked
again and again by whom he refuses."""
BLOCK_SECONDS: Final = 3_600
TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: where it is kept, whose it is, and until when."""

    shard: str
    name: str
    client_id: str
    expires_at: int


class Inboxes:
    def __init__(self, state: StateStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def put(self, address: str, entry: Entry) -> None:
        """`address` says whose inbox it is, and may be one that nobody opens."""
        key = _inbox(address)
        for _ in range(TRIES):
            raw = self._state.get(key)
            entries = self._open(raw)
            of_client = [each for each in entries if each.client_id == entry.client_id]
            if len(entries) >= OF_ALL or len(of_client) >= OF_ONE_CLIENT:
                return
            kept = (*entries, entry)
            seconds = max(each.expires_at for each in kept) - int(self._clock.now())
            try:
                self._state.replace(key, raw, encode(kept), seconds)
            except (Conflict, Gone):
                continue
            return

    def of(self, addresses: Sequence[str]) -> Iterator[Entry]:
        """The oldest of each first."""
        for address in addresses:
            yield from self._open(self._state.get(_inbox(address)))

    def block(self, citizen_id: str, client_id: str) -> None:
        """For an hour, nothing of this client's is shown to the citizen."""
        self._state.put(_block(citizen_id, client_id), b"{}", BLOCK_SECONDS)

    def blocked(self, citizen_id: str, client_id: str) -> bool:
        return self._state.get(_block(citizen_id, client_id)) is not None

    def _open(self, raw: bytes | None) -> tuple[Entry, ...]:
        entries = () if raw is None else decode(raw, tuple[Entry, ...])
        return tuple(each for each in entries if each.expires_at > self._clock.now())


def _inbox(address: str) -> Key:
    return Key(shard_for(address), "ciba-inbox", digest(address))


def _block(citizen_id: str, client_id: str) -> Key:
    return Key(shard_for(citizen_id), "ciba-block", digest(f"{citizen_id} {client_id}"))
