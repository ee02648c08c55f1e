"""A service provider's LogoutRequest carried out (saml-profiles-2.0-os section 4.4.3, saml-core-2.0-os section
3.7.3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from federation.saml.names import PARTIAL_LOGOUT, REQUESTER, SUCCESS, UNKNOWN_PRINCIPAL
from federation.saml.response import Status
from idp.leaving.messenger import Browser, Told
from idp.leaving.telling import Telling
from idp.saml.leaving.proving import ProvedRequest
from idp.saml.leaving.whose import Whose
from idp.sessions import Session, Sessions

REASON: Final = "signed_out"
ALL: Final = Status(SUCCESS)
SOME: Final = Status(SUCCESS, PARTIAL_LOGOUT)
"""Our session has ended, which the top-level code is about; not all others have confirmed that theirs has."""
NOT_THAT: Final = Status(REQUESTER, UNKNOWN_PRINCIPAL)
"""There is a session, but it is not the one that was named; it goes on."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of it; `session` is the one that has ended, if one was there to end. `refused`: the request names
    another session than the one that it could be about."""

    told: Sequence[Told] = ()
    session: Session | None = None
    refused: bool = False


class SingleLogout:
    def __init__(self, whose: Whose, sessions: Sessions, telling: Telling) -> None:
        self._whose = whose
        self._sessions = sessions
        self._telling = telling

    def in_browser(self, proved: ProvedRequest, session: Session | None) -> Ended:
        """`session` is the browser's. One in which the service provider had a part must be named by the request. Where
        it had none, what is asked is so already, unless the request names a session of another browser."""
        provider, request = proved.provider, proved.request
        if session is not None and self._whose.names(provider, request, session):
            return self._end(proved, session, Browser.ALL)
        named = self._whose.by_index(provider, request)
        if named is not None:
            return self._end(proved, named, Browser.ALL)
        return Ended(refused=session is not None and provider.party_id in session.clients())

    def by_server(self, proved: ProvedRequest) -> Ended:
        """By SOAP there is no browser: the request has to name the session by its index."""
        named = self._whose.by_index(proved.provider, proved.request)
        return Ended(refused=True) if named is None else self._end(proved, named, Browser.NONE)

    def _end(self, proved: ProvedRequest, session: Session, browser: Browser) -> Ended:
        ended = self._sessions.end_with_twins(session, REASON)
        if ended is None:  # somebody else has just ended it, and tells
            return Ended(session=session)
        told = self._telling.tell(REASON, ended, browser=browser, begun_by=proved.provider.party_id)
        return Ended(told, session)
