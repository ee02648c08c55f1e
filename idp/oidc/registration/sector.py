"""The sector of a client: the host that its pairwise subjects are computed for (OIDC Core section 8.1).

It is the host of its redirect addresses. For a client with several hosts, and for clients that share their subjects, it
is that of `sector_identifier_uri`, where the redirect addresses of the whole sector are published (OIDC Registration
section 5). They are fetched at registration and at each change: whoever could not put his address there is not of the
sector. Why they could not be had is told to operators only, for /register is no way to look around.
"""

import threading
from collections.abc import Callable
from typing import Final

from federation.fetch import MAX_BYTES, TIMEOUT_SECONDS, Fetcher, FetchError
from idp.codec import Malformed, decode
from idp.errors import InvalidClientMetadata, InvalidSectorIdentifier, TooManyRequests
from idp.oidc.registration.addresses import LOOPBACK, host_of

AT_ONCE: Final = 8
"""Registrations of a worker that may wait for somebody else's server at a time."""
_RETRY_AFTER: Final = 5


class Sectors:
    def __init__(self, fetcher: Callable[[], Fetcher]) -> None:
        self._fetcher = fetcher
        self._fetching = threading.BoundedSemaphore(AT_ONCE)

    def of(
        self, redirect_uris: tuple[str, ...], sector_identifier_uri: str | None, keys_uri: str | None, elsewhere: bool
    ) -> str:
        """Empty for a client without addresses, which is a sector by itself. Redirect addresses that answers do not go
        to, because they go `elsewhere`, could be anybody's: then, and where there are none, the address of the keys
        with which the client authenticates (`keys_uri`) is published, too (CIBA Core section 4). Raises
        `InvalidSectorIdentifier`, `InvalidClientMetadata`, or `TooManyRequests`."""
        if sector_identifier_uri is None:
            return _of_one_host(redirect_uris) if redirect_uris else ""
        proofs = {*redirect_uris, keys_uri} if elsewhere or not redirect_uris else {*redirect_uris}
        if None in proofs or not proofs <= self._published(sector_identifier_uri):
            raise InvalidSectorIdentifier(
                "sector_identifier_uri lacks a redirect address, or that of the client's keys"
            )
        return host_of(sector_identifier_uri)

    def _published(self, uri: str) -> set[str]:
        if not self._fetching.acquire(blocking=False):
            raise TooManyRequests(_RETRY_AFTER, "sector_identifier_uri")
        try:
            answer = self._fetcher().get(uri, TIMEOUT_SECONDS, MAX_BYTES)
            if answer.status != 200:
                raise InvalidSectorIdentifier(f"sector_identifier_uri answers with status {answer.status}")
            return set(decode(answer.body, list[str]))
        except FetchError as error:
            raise InvalidSectorIdentifier(f"sector_identifier_uri was not fetched: {error.reason.value}") from None
        except Malformed:
            raise InvalidSectorIdentifier("sector_identifier_uri is not a JSON array of addresses") from None
        finally:
            self._fetching.release()


def _of_one_host(redirect_uris: tuple[str, ...]) -> str:
    """Loopback hosts are one, for an app listens at whichever it can (RFC 8252 section 8.3)."""
    hosts = {host_of(uri) for uri in redirect_uris}
    if hosts <= set(LOOPBACK):
        return LOOPBACK[0]
    if len(hosts) > 1:
        raise InvalidClientMetadata("redirect_uris of several hosts need a sector_identifier_uri")
    return hosts.pop()
