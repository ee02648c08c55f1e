"""An attempt before its outcome: by whom it is made, whose account it is on, and whether it may be made now."""

from dataclasses import dataclass

from idp.citizens.identifiers import Identifier
from idp.citizens.registry import Citizens, LoginAccount
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
    ) -> None:
        self._citizens = citizens
        self._throttle = throttle
        self._browsers = browsers
        self._outcomes = outcomes
        self._vault = vault

    def admit(self, identifier: Identifier, peer: Peer) -> tuple[LoginAccount | None, Admission]:
        """The account of a number or phone, if there is one, and the attempt on it, known or not. Raises
        `Throttled`."""
        account = self._citizens.for_sign_in(identifier.kind, identifier.value)
        name = self._vault.fingerprint("typed", identifier.value)
        try:
            return account, self._throttle.admit(name, peer.source, self._known(peer, account))
        except Throttled as throttled:
            self._outcomes.throttled(None, name, peer.source, throttled.retry_after)
            raise

    def admit_code(self, transaction: Transaction, account: LoginAccount, peer: Peer) -> Admission:
        """Raises `Throttled`, or `CodesSpent` if the transaction must end."""
        try:
            return self._throttle.admit_code(transaction.id, account.citizen.id, self._known(peer, account))
        except Throttled as throttled:
            self._outcomes.throttled(account, account.citizen.id, peer.source, throttled.retry_after)
            raise

    def succeeded(self, admission: Admission) -> None:
        self._throttle.forgive(admission)

    def _known(self, peer: Peer, account: LoginAccount | None) -> str | None:
        return self._browsers.known(peer.marker, account.citizen.id) if account else None
