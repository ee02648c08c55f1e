"""What a client knows a citizen, and his session, by (OIDC Core section 8, Back-Channel Logout section 2.1)."""

from idp.citizens.pseudonyms import PAIRWISE, Pseudonyms
from idp.oidc.clients.client import Client
from idp.oidc.resources.resources import JWT, Resource


class Subjects:
    """Names that tell one client nothing about what another knows."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def subject(self, client: Client, citizen_id: str) -> str:
        """`sub`: pairwise per sector, or public where the client registered that."""
        return self._pseudonyms.subject(client.subject_type, client.sector, citizen_id)

    def subject_at(self, resource: Resource, client: Client, citizen_id: str) -> str:
        """`sub` in a token for a resource server. Where only that server learns it, it is the server's own, whichever
        client calls. A JWT is read by the client too, so that there it is another one for each sector of clients: two
        of them must not find out by a third that they serve the same citizen (RFC 9068 section 6)."""
        sector = f"{resource.sector} {client.sector}" if resource.token_format == JWT else resource.sector
        return self._pseudonyms.subject(PAIRWISE, sector, citizen_id)

    def sid(self, client: Client, lineage: str) -> str:
        """`sid`: another one for each client, the same as long as the citizen stays signed in in one browser."""
        return self._pseudonyms.session_id(lineage, client.client_id)
