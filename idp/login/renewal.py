"""A new password at sign-in: when it is due, and what makes it acceptable.

It is due when the one used was given by somebody else, or has reached the age of the policy's profile. It is asked for
after every factor is proven, and before there is a session.
"""

from collections.abc import Sequence
from typing import Protocol

from idp.citizens.registry import Citizens, LoginAccount
from idp.clock import Clock
from idp.login.password import Passwords
from idp.login.password_policy import Profile, check, must_change
from idp.secrets import equal


class Mismatch(Exception):
    """The two entries are not the same."""


class FormerPasswords(Protocol):
    def former_hashes(self, citizen_id: str, limit: int) -> Sequence[str]: ...


class Renewal:
    def __init__(
        self, profile: Profile, passwords: Passwords, former: FormerPasswords, citizens: Citizens, clock: Clock
    ) -> None:
        self._profile = profile
        self._passwords = passwords
        self._former = former
        self._citizens = citizens
        self._clock = clock

    def due(self, account: LoginAccount) -> bool:
        if account.password_hash is None:
            return False
        aged = must_change(self._profile, account.password_set_at or 0, self._clock.now())
        return aged or account.must_change_password

    def choose(self, account: LoginAccount, new: str, again: str, temporary: bool = False) -> None:
        """Prove the new password and keep it; a temporary one is due for renewal at the next sign-in.

        Raises `Mismatch`, `WeakPassword`, `ReusedPassword` (also for the present one), `Busy`, or `Changed` if the
        citizen has another password by now; a temporary one replaces whatever there is.
        """
        if not equal(new, again):
            raise Mismatch
        citizen = account.citizen
        profile = citizen.profile
        personal = [item for item in (profile.name, profile.number, profile.phone, profile.email) if item]
        strong = check(new, self._profile, personal)
        former = self._former.former_hashes(citizen.id, self._profile.remembered)
        self._passwords.unused(strong, [account.password_hash or "", *former])
        self._citizens.set_password_hash(
            citizen.id,
            self._passwords.hash(strong),
            keep=self._profile.remembered,
            must_change=temporary,
            replaces=None if temporary else account.password_hash,
        )
