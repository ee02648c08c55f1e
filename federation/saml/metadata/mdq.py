"""Metadata of one entity, asked for by its name (Metadata Query Protocol, draft-young-md-query, and its SAML profile).

The name goes as the SHA-1 digest that the SAML profile gives it, which every responder knows: it is short whatever the
entity id is, and nothing rests on the digest, because what comes back is signed and says whose it is.
"""

from hashlib import sha1
from typing import Final
from urllib.parse import quote

CONTENT_TYPE: Final = "application/samlmetadata+xml"


def address(base: str, entity_id: str) -> str:
    """Where the entity's metadata is. `base` is the responder's address."""
    identifier = "{sha1}" + sha1(entity_id.encode(), usedforsecurity=False).hexdigest()
    return f"{base.rstrip('/')}/entities/{quote(identifier, safe='')}"
