"""An attempt before its outcome: by whom it is made, whose account it is on, and whether it may be made now."""

from dataclasses import dataclass

from idp.audit.events import EventType
from idp.citizens.identifiers import InvalidIdentifier, parse_identifier
from idp.citizens.registry import Citizens, LoginAccount
from idp.clock import Clock
from idp.login.browsers import KnownBrowsers
from idp.login.outcomes import Outcomes
from idp.login.throttle import Admission, Throttle
from idp.login.transaction import Transaction
from idp.storage.state import Throttled
from idp.vault import Vault


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end: `source` is the address, `marker` the cookie that remembers known browsers."""

    source: str
    marker: str


class Attempts:
    def __init__(
        self,
        citizens: Citizens,
        throttle: Throttle,
        browsers: KnownBrowsers,
        outcomes: Outcomes,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._citizens = citizens
        self._throttle = throttle
        self._browsers = browsers
        self._outcomes = outcomes
        self._vault = vault
        self._clock = clock

    def admit(self, typed: str, peer: Peer) -> tuple[LoginAccount | None, Admission]:
        """The account of a typed number or phone, if there is one, and the attempt on it. Raises `Throttled`."""
        account, name = self._account(typed)
        try:
            return account, self._throttle.admit(name, peer.source, self._known(peer, account))
        except Throttled as throttled:
            self._outcomes.tell(EventType.LOGIN_THROTTLED, None, source=peer.source, retry_after=throttled.retry_after)
            raise

    def admit_code(self, transaction: Transaction, account: LoginAccount, peer: Peer) -> Admission:
        """Raises `Throttled`, or `CodesSpent` if the transaction must end."""
        try:
            return self._throttle.admit_code(transaction.id, account.citizen.id, self._known(peer, account))
        except Throttled as throttled:
            self._outcomes.tell(
                EventType.LOGIN_THROTTLED, account, source=peer.source, retry_after=throttled.retry_after
            )
            raise

    def succeeded(self, admission: Admission) -> None:
        self._throttle.forgive(admission)

    def _account(self, typed: str) -> tuple[LoginAccount | None, str]:
        """The account, and the name under which attempts on it are counted, known or not."""
        try:
            identifier = parse_identifier(typed, self._clock)
        except InvalidIdentifier:
            return None, self._vault.fingerprint("typed", typed[:100])
        account = self._citizens.for_sign_in(identifier.kind, identifier.value)
        return account, self._vault.fingerprint("typed", identifier.value)

    def _known(self, peer: Peer, account: LoginAccount | None) -> str | None:
        return self._browsers.known(peer.marker, account.citizen.id) if account else None
