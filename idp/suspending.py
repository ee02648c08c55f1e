"""Ending all that a citizen has open; and suspending, after which he signs in no more.

The order counts. First the status: every sign-in and every refresh that comes later meets it. Then the sessions, and
with them the codes and access tokens issued under them. Then the families of refresh tokens with theirs. Last the
relying parties are told, which may take a while and may fail without harm to the rest.
"""

from collections.abc import Sequence

from idp.citizens.citizen import Status
from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.oidc.backchannel import BackChannel, Told
from idp.oidc.families import revoke_families_of
from idp.sessions import Sessions
from idp.storage.records.families import FamilyRecords
from idp.storage.state import StateStore

REASON = "suspended"


class Suspending:
    def __init__(
        self,
        citizens: Citizens,
        sessions: Sessions,
        families: FamilyRecords,
        state: StateStore,
        clock: Clock,
        back_channel: BackChannel,
    ) -> None:
        self._citizens = citizens
        self._sessions = sessions
        self._families = families
        self._state = state
        self._clock = clock
        self._back_channel = back_channel

    def suspend(self, citizen_id: str) -> Sequence[Told]:
        """Suspend the citizen; what became of telling the relying parties. May be called again should it break off.

        Raises `NotFound`, `StateUnavailable` or `RecordsUnavailable`.
        """
        self._citizens.set_status(citizen_id, Status.SUSPENDED)
        return self.end_all(citizen_id, REASON)

    def end_all(self, citizen_id: str, reason: str) -> Sequence[Told]:
        """End sessions, codes and tokens of the citizen, who may sign in again at once; what became of telling.

        Raises `StateUnavailable` or `RecordsUnavailable`.
        """
        ended = self._sessions.end_all_of(citizen_id, reason)
        revoke_families_of(citizen_id, None, reason, self._families, self._state, self._clock)
        return [told for session in ended for told in self._back_channel.tell(session)]
