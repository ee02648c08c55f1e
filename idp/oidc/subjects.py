"""What a client knows a citizen, and his session, by (OIDC Core section 8, Back-Channel Logout section 2.1)."""

from idp.citizens.pseudonyms import Pseudonyms
from idp.oidc.client import Client


class Subjects:
    """Names that tell one client nothing about what another knows."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def subject(self, client: Client, citizen_id: str) -> str:
        """`sub`: pairwise per sector, or public where the client registered that."""
        return self._pseudonyms.subject(client.subject_type, client.sector, citizen_id)

    def sid(self, client: Client, lineage: str) -> str:
        """`sid`: another one for each client, the same as long as the citizen stays signed in in one browser."""
        return self._pseudonyms.session_id(lineage, client.client_id)
