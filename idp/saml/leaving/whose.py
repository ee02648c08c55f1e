"""Which session a LogoutRequest names (saml-core-2.0-os section 3.7.3.2).

A service provider may end a session in which it was given something, named as it was named there, and no other: neither
another citizen's nor one that only others have a part in.
"""

from typing import Final

from federation.saml.logout import LogoutRequest
from federation.saml.name_id import NameId
from federation.saml.names import UNSPECIFIED
from idp.codec import decode
from idp.saml.naming import Naming, index_key
from idp.saml.service_provider import ServiceProvider
from idp.secrets import equal
from idp.sessions import Head, Session, Sessions
from idp.storage.state import Gone, StateStore

INDEXES: Final = 16
"""Of one request, that we look for: a service provider has one in each browser."""


class Whose:
    def __init__(self, naming: Naming, sessions: Sessions, state: StateStore) -> None:
        self._naming = naming
        self._sessions = sessions
        self._state = state

    def names(self, provider: ServiceProvider, request: LogoutRequest, session: Session) -> bool:
        """Whether the request names this session."""
        head, entity_id = session.head, provider.entity.entity_id
        index = self._naming.session_index(entity_id, head.citizen_id, head.lineage)
        indexes = request.session_indexes
        if indexes and not any(equal(each, index) for each in indexes):
            return False
        known = (
            self._naming.name_id(kind, entity_id, head.citizen_id, head.lineage)
            for kind in session.kinds(provider.party_id)
        )
        return any(_same(request.name_id, name) for name in known)

    def by_index(self, provider: ServiceProvider, request: LogoutRequest) -> Session | None:
        """The live session that the request names by a SessionIndex, wherever its browser is."""
        for index in request.session_indexes[:INDEXES]:
            session = self._indexed(provider, index)
            if session is not None and self.names(provider, request, session):
                return session
        return None

    def _indexed(self, provider: ServiceProvider, index: str) -> Session | None:
        try:
            standing = self._state.read_under(index_key(provider.party_id, index))
        except Gone:
            return None
        head = decode(standing.fields["head"], Head)
        return self._sessions.of_lineage(head.citizen_id, head.lineage)


def _same(told: NameId, known: NameId) -> bool:
    """Section 8.3.7: a qualifier that is left out means the one that we gave."""
    return (
        equal(told.value, known.value)
        and told.format in (None, UNSPECIFIED, known.format)
        and told.name_qualifier in (None, "", known.name_qualifier)
        and told.sp_name_qualifier in (None, "", known.sp_name_qualifier)
    )
