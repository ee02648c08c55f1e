"""What a service provider knows a citizen, and his session, by. Computed and never stored, so that a logout request can
be written long after from a citizen, a lineage and an entityID alone.

| word | NameID format | how long, and for whom |
|---|---|---|
| `PERSISTENT` | persistent (saml-core-2.0-os section 8.3.7) | for good, another for each service provider |
| `TRANSIENT` | transient (section 8.3.8) | as long as the citizen stays signed in in one browser, another for each |

`pairwise-id` and `subject-id` are attributes (SAML V2.0 Subject Identifier Attributes Profile 1.0 section 3):
`part@scope` without regard to case, so that the part is hexadecimal. The first is another for each service provider,
the second the same for all.
"""

import base64
from collections.abc import Mapping
from typing import Final

from federation.saml.name_id import NameId
from federation.saml.names import PERSISTENT as PERSISTENT_FORMAT
from federation.saml.names import TRANSIENT as TRANSIENT_FORMAT
from idp.citizens.pseudonyms import PAIRWISE, PUBLIC, Pseudonyms
from idp.secrets import SHARDS, digest, shard_for
from idp.storage.state import Key

PERSISTENT: Final = "p"
TRANSIENT: Final = "t"
"""Short, because every leg of a session carries one (`Ask.name_format`)."""
FORMATS: Final[Mapping[str, str]] = {PERSISTENT: PERSISTENT_FORMAT, TRANSIENT: TRANSIENT_FORMAT}


class Naming:
    def __init__(self, pseudonyms: Pseudonyms, entity_id: str, scope: str) -> None:
        """`entity_id` is our own; `scope` the domain that the identifiers with one are ours in."""
        self._pseudonyms = pseudonyms
        self.entity_id: Final = entity_id
        self._scope = scope

    def name_id(self, name_format: str, sp: str, citizen_id: str, lineage: str) -> NameId:
        """The NameID for the service provider of entityID `sp`, by a word of `FORMATS`, with both qualifiers."""
        persistent = name_format == PERSISTENT
        value = self.persistent(sp, citizen_id) if persistent else self.transient(sp, lineage)
        return NameId(value, FORMATS[name_format], self.entity_id, sp)

    def persistent(self, sp: str, citizen_id: str) -> str:
        # no sector of an OIDC client has a blank: whoever calls himself by another's host learns nothing of his names
        return self._pseudonyms.subject(PAIRWISE, f"saml {sp}", citizen_id)

    def transient(self, sp: str, lineage: str) -> str:
        return f"_{self._pseudonyms.transient(lineage, sp)}"

    def session_index(self, sp: str, citizen_id: str, lineage: str) -> str:
        """The same for all that is answered to a service provider in one sign-in; it tells in which shard that is."""
        return f"_{shard_for(citizen_id)}{self._pseudonyms.session_id(lineage, sp)}"

    def pairwise_id(self, sp: str, citizen_id: str) -> str:
        return self._scoped(self.persistent(sp, citizen_id))

    def subject_id(self, citizen_id: str) -> str:
        return self._scoped(self._pseudonyms.subject(PUBLIC, "", citizen_id))

    def _scoped(self, subject: str) -> str:
        return f"{base64.urlsafe_b64decode(subject + '=').hex()}@{self._scope}"


def shard_of_index(session_index: str) -> str:
    """The shard that a `SessionIndex` names. Whatever an outsider sends has one."""
    named = session_index[1:2]
    return named if named in SHARDS and named else SHARDS[0]


def index_key(party_id: str, session_index: str) -> Key:
    """Where sign-on keeps, under the session, what a SessionIndex stands for."""
    return Key(shard_of_index(session_index), "saml-session", digest(party_id + session_index))
