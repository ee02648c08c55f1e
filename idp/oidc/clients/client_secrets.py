"""The secrets of clients that sign with them (`client_secret_jwt`, OIDC Core section 9).

A MAC is checked with the secret itself, so that a digest will not do. It is not kept all the same, but made anew each
time: of a root that lies sealed in the records, the client's id, and a salt that stands in the client's document. Who
reads the document alone can make no secret of it; another salt is another secret.
"""

import hmac
from collections.abc import Callable

from idp.codec import encode
from idp.secrets import urlsafe


class ClientSecrets:
    def __init__(self, root: Callable[[], bytes]) -> None:
        """`root` gives 256 random bits that never change."""
        self._root = root

    def made_of(self, client_id: str, salt: str) -> str:
        """The `client_secret`: 256 bits, as base64url."""
        return urlsafe(hmac.digest(self._root(), encode((client_id, salt)), "sha256"))
