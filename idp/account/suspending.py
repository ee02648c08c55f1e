"""Ending all that a citizen has open; and suspending or closing, after which he signs in no more.

The order counts. First the status: every sign-in and every refresh that comes later meets it. Then the sessions, and
with them the codes and access tokens issued under them. Then the families of refresh tokens with theirs. Last the
relying parties are told, which may take a while and may fail without harm to the rest.
"""

from collections.abc import Sequence

from idp.account.agreements import EndsAccess, PartyTold
from idp.citizens.citizen import Status
from idp.citizens.registry import Citizens
from idp.sessions import Sessions


class Suspending:
    """Ends sessions by itself; what relying parties hold is ended by the front doors (`ends`)."""

    def __init__(self, citizens: Citizens, sessions: Sessions, ends: EndsAccess) -> None:
        self._citizens = citizens
        self._sessions = sessions
        self._ends = ends

    def suspend(self, citizen_id: str) -> Sequence[PartyTold]:
        """As `shut_out`, until the citizen is let in again."""
        return self.shut_out(citizen_id, Status.SUSPENDED)

    def shut_out(self, citizen_id: str, status: Status) -> Sequence[PartyTold]:
        """Give a `status` in which nobody signs in, and end all; what became of telling the relying parties.

        May be called again should it break off. Raises `NotFound`, `StateUnavailable` or `RecordsUnavailable`.
        """
        self._citizens.set_status(citizen_id, status)
        return self.end_all(citizen_id, status.value)

    def end_all(self, citizen_id: str, reason: str) -> Sequence[PartyTold]:
        """End sessions, codes and tokens of the citizen, who may sign in again at once; what became of telling.

        Raises `StateUnavailable` or `RecordsUnavailable`.
        """
        ended = self._sessions.end_all_of(citizen_id, reason)
        return self._ends.end_all_access(citizen_id, reason, ended)
