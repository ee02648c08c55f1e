"""Subject identifiers: the name by which one relying party, or one sector of them, knows a citizen (OIDC Core 8).

Computed and never stored: HMAC-SHA-256 under a secret that never changes, over parts that carry their lengths, so that
(`example.com`, `bob`) and (`example.co`, `mbob`) stay two people. Nothing but the citizen's internal id goes in: a
subject survives a change of number, name and key, and asking for one kind of subject cannot disturb another.
"""

import hmac
from typing import Final

from idp.secrets import urlsafe

PAIRWISE: Final = "pairwise"
PUBLIC: Final = "public"
SUBJECT_TYPES: Final = (PAIRWISE, PUBLIC)


class Pseudonyms:
    def __init__(self, secret: bytes) -> None:
        """`secret`: at least 32 random bytes, and never others: under another secret every portal meets strangers."""
        if len(secret) < 32:
            raise ValueError("the secret of pseudonyms must have at least 32 bytes")
        self._keyed = hmac.new(secret, digestmod="sha256")

    def subject(self, subject_type: str, sector: str, citizen_id: str) -> str:
        """The claim `sub`, 43 characters of base64url. `sector` is the client's registered one; `public` ignores it."""
        if subject_type == PUBLIC:
            return self._name("sub public", citizen_id)
        if subject_type != PAIRWISE or not sector:
            raise ValueError("a subject is public, or pairwise with a sector")
        return self._name("sub pairwise", sector, citizen_id)

    def session_id(self, session_id: str, client_id: str) -> str:
        """The claim `sid` (OIDC Back-Channel Logout section 2.1), another for each client: two cannot compare notes.

        `session_id` is whatever names the SSO session for all its life and stays in the house.
        """
        return self._name("sid", session_id, client_id)

    def transient(self, session_id: str, client_id: str) -> str:
        """A name for a citizen that lasts as long as the SSO session and is another for each client (saml-core-2.0-os
        section 8.3.8)."""
        return self._name("transient", session_id, client_id)

    def _name(self, *parts: str) -> str:
        name = self._keyed.copy()  # half the time of a key that is set up anew
        name.update(b"".join(map(_with_length, parts)))
        return urlsafe(name.digest())


def _with_length(part: str) -> bytes:
    raw = part.encode()
    return len(raw).to_bytes(4, "big") + raw
