"""The public keys of a client: those it registered (`jwks`), or those it publishes (`jwks_uri`, OIDC Registration
section 2, RFC 7591 section 2).

What is published is fetched when it is first needed, not at registration: a developer registers before his service
runs, and whoever registers should not learn from us what answers where. A worker keeps a copy. While the server of the
keys is dead, the last good copy stands in for it, for some hours; then there are no keys, and the client is not known.

A stranger can make us ask, by a signature that no key fits, but not often; and he can make few threads wait.
"""

import logging
import math
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from federation.fetch import MAX_BYTES, TIMEOUT_SECONDS, Fetcher, FetchError
from federation.shares import Shares
from idp.clock import Clock
from idp.codec import Malformed, decode
from idp.oidc.clients.client import Client
from idp.oidc.jose import jws
from idp.oidc.jose.jws import InvalidJwk, PublicJwk, UnknownSigner, client_jwk

MAX_KEYS: Final = 20
RENEW_SECONDS: Final = 300
"""After this a copy is fetched anew while it goes on being used, so that nobody waits where a client is busy."""
FRESH_SECONDS: Final = 600
"""The longest that a key its client took away is still taken, while its server answers."""
LAST_GOOD_SECONDS: Final = 4 * 3_600
"""The longest that a copy stands in for a server that does not answer."""
RETRY_SECONDS: Final = 30
IN_A_ROW: Final = 4
"""Fetches of one address, whoever asks and whatever for: so many in a row, so that a client may change its keys and use
them at once; then one in so many seconds, and no more of a server that is dead."""
FETCHES: Final = 16
FETCHES_OF_A_HOST: Final = 2
WAITING: Final = 24
"""Requests of a worker that may wait for keys at a time; the others do with the copy there is, or without."""
CAPACITY: Final = 10_000

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Copy:
    """What was published; `at` is when it was asked for, seconds since the epoch."""

    keys: tuple[PublicJwk, ...] = ()
    at: float = -math.inf


@dataclass(slots=True)
class _Shelved:
    """What is known of one address. `paid`: until when its fetches are paid for, each with `RETRY_SECONDS`. `failed`:
    the last one did not succeed."""

    copy: _Copy
    paid: float = -math.inf
    failed: bool = False
    fetch: Future[None] | None = None


class ClientKeys:
    """The keys of clients, by what they are for. Thread-safe."""

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._lock = threading.Lock()
        self._shelf: dict[str, _Shelved] = {}
        self._shares: Shares[None] = Shares(FETCHES, FETCHES_OF_A_HOST, "client-keys")
        self._waiting = threading.BoundedSemaphore(WAITING)

    def signing(self, client: Client) -> Sequence[PublicJwk]:
        """Those it signs with: `use` is `sig`, or is not told. None, if its server has been dead for too long."""
        return [key for key in self._all(client) if key.get("use", "sig") == "sig"]

    def encryption(self, client: Client) -> Sequence[PublicJwk]:
        """Those to encrypt to: `use` is `enc`, or is not told."""
        return [key for key in self._all(client) if key.get("use", "enc") == "enc"]

    def verify(
        self, client: Client, token: str, algorithms: Collection[str], types: Collection[object]
    ) -> dict[str, Any]:
        """The claims of a token that the client signed; see `jws.verify_of_client`. Raises `InvalidJws`."""
        return self.prove(client, lambda keys: jws.verify_of_client(token, keys, algorithms, types))

    def prove(self, client: Client, check: Callable[[Sequence[PublicJwk]], T]) -> T:
        """What `check` returns for the client's signing keys. If it raises `UnknownSigner`, it is asked once more with
        the keys published now, for the client may have changed them. Raises what `check` raises."""
        try:
            return check(self.signing(client))
        except UnknownSigner:
            if client.jwks_uri is None or not self._renewed(client, client.jwks_uri):
                raise
        return check(self.signing(client))

    def _all(self, client: Client) -> Sequence[PublicJwk]:
        if client.jwks_uri is None:
            return client.jwks.get("keys", ())
        shelved = self._shelved(client.jwks_uri)
        seen = shelved.copy
        if self._age(seen) > RENEW_SECONDS:
            fetch = self._begun(client.jwks_uri, shelved, seen, client.client_id)
            if fetch is not None and not self._good(shelved):
                self._wait(fetch)
        return shelved.copy.keys if self._good(shelved) else ()

    def _age(self, copy: _Copy) -> float:
        return self._clock.now() - copy.at

    def _good(self, shelved: _Shelved) -> bool:
        return self._age(shelved.copy) <= (LAST_GOOD_SECONDS if shelved.failed else FRESH_SECONDS)

    def _renewed(self, client: Client, uri: str) -> bool:
        """Whether there is another copy now. For a server that is dead as far as we know nobody waits."""
        shelved = self._shelved(uri)
        before, dead = shelved.copy, shelved.failed
        fetch = self._begun(uri, shelved, before, client.client_id)
        if fetch is not None and not dead:
            self._wait(fetch)
        return shelved.copy is not before

    def _shelved(self, uri: str) -> _Shelved:
        with self._lock:
            found = self._shelf.get(uri)
            if found is None:
                if len(self._shelf) >= CAPACITY:
                    self._shelf.pop(next(iter(self._shelf)))
                found = self._shelf[uri] = _Shelved(_Copy())
            return found

    def _begun(self, uri: str, shelved: _Shelved, seen: _Copy, client_id: str) -> Future[None] | None:
        """The fetch that is under way, or one that is begun now; None if there were enough of late, or one has ended
        since the copy was `seen`."""
        with self._lock:
            if shelved.copy is not seen:
                return None
            now, ahead = self._clock.now(), 0 if shelved.failed else (IN_A_ROW - 1) * RETRY_SECONDS
            if shelved.fetch is None and shelved.paid - now <= ahead:
                shelved.paid = max(shelved.paid, now) + RETRY_SECONDS
                fetch = partial(self._fetch, uri, shelved, client_id)
                shelved.fetch = self._shares.submit(urlsplit(uri).netloc, fetch)
            return shelved.fetch

    def _wait(self, fetch: Future[None]) -> None:
        if not self._waiting.acquire(blocking=False):
            return
        try:
            with suppress(TimeoutError):
                fetch.result(TIMEOUT_SECONDS)
        finally:
            self._waiting.release()

    def _fetch(self, uri: str, shelved: _Shelved, client_id: str) -> None:
        copy, at = None, self._clock.now()
        try:
            copy = _Copy(self._published(uri), at)
        except (FetchError, Malformed, InvalidJwk) as error:
            reason = error.reason.value if isinstance(error, FetchError) else "not_a_key_set"
            _log.warning("a client's keys were not fetched", extra={"client_id": client_id, "reason": reason})
        finally:
            with self._lock:
                shelved.failed = copy is None
                shelved.copy = copy or shelved.copy
                shelved.fetch = None

    def _published(self, uri: str) -> tuple[PublicJwk, ...]:
        answer = self._fetcher.get(uri, TIMEOUT_SECONDS, MAX_BYTES)
        if answer.status != 200:
            raise InvalidJwk("no answer of success")
        return published(decode(answer.body, dict[str, Any]))


def key_set(document: object) -> list[object]:
    """The members of a JWK Set (RFC 7517 section 5), as many as are taken. Raises `InvalidJwk`."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise InvalidJwk(f"not a JWK Set of {MAX_KEYS} keys at most")
    return keys


def published(document: object) -> tuple[PublicJwk, ...]:
    """The keys of a set that somebody else may use, too: those we do not take are passed over (section 5)."""
    taken = []
    for members in key_set(document):
        try:
            taken.append(client_jwk(members))
        except InvalidJwk:
            continue
    return tuple(taken)
