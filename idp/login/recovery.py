"""Recovery codes: ten of them on paper, each good once, for the citizen whose authenticator is lost.

A code is twelve characters of Crockford's base32, 60 random bits: `7k2m-9qxr-04hd`. The alphabet has no i, l, o and u,
and what looks like a 1 or a 0 is read as one. Kept is a keyed digest of the citizen's id and the code, never the code.
Its key is a secret of the records, sealed like all of them: a digest cannot be made anew without the code, so it must
not stand under a master key, which is changed one day and taken away.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from idp.clock import Clock
from idp.secrets import Randomness
from idp.storage.records.errors import NotFound

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
CODES: Final = 10
LENGTH: Final = 12
GROUP: Final = 4
LONGEST_TYPED: Final = 64

TYPED: Final = str.maketrans("oil", "011", " -")

Secret = Callable[[], bytes]
"""The key of the digests. It is asked for at the first code: opening the service does not need the records."""


class WrongRecoveryCode(Exception):
    """Not a code of this citizen, or used before. The two are not told apart."""


class RecoveryCodes(Protocol):
    """What this needs of `idp.storage.records.credentials`."""

    def replace_recovery_codes(self, citizen_id: str, digests: Sequence[str]) -> None:
        """New codes in place of all before. Raises `NotFound` if there is no such citizen."""
        ...

    def use_recovery_code(self, citizen_id: str, digest: str, at: int) -> None:
        """Use up a code. Raises `NotFound` if it is unknown or used: of parallel callers exactly one returns."""
        ...


def new_codes(randomness: Randomness) -> tuple[str, ...]:
    """Codes as they are shown, once."""
    return tuple(_shown(randomness.bytes(LENGTH)) for _ in range(CODES))


def normalise(typed: str) -> str:
    """A typed code in its one spelling. Raises `WrongRecoveryCode` for what cannot be a code."""
    if len(typed) > LONGEST_TYPED:
        raise WrongRecoveryCode
    plain = typed.strip().lower().translate(TYPED)
    if len(plain) != LENGTH or not set(plain) <= set(ALPHABET):
        raise WrongRecoveryCode
    return plain


def code_digest(citizen_id: str, code: str, secret: bytes) -> str:
    """Under which digest a code is kept, 64 hex digits. Raises `WrongRecoveryCode`."""
    text = f"{len(citizen_id)}:{citizen_id}:{normalise(code)}"
    return hmac.digest(secret, text.encode(), "sha256").hex()


class Recovery:
    """The recovery codes of all citizens."""

    def __init__(self, codes: RecoveryCodes, secret: Secret, clock: Clock, randomness: Randomness) -> None:
        self._codes = codes
        self._secret = secret
        self._clock = clock
        self._randomness = randomness

    def renew(self, citizen_id: str) -> tuple[str, ...]:
        """New codes in place of all before, as they are shown, once. Raises `NotFound` if there is no such citizen."""
        codes = new_codes(self._randomness)
        secret = self._secret()
        self._codes.replace_recovery_codes(citizen_id, [code_digest(citizen_id, code, secret) for code in codes])
        return codes

    def use(self, citizen_id: str, typed: str) -> None:
        """Take a code, once. Raises `WrongRecoveryCode`."""
        kept = code_digest(citizen_id, typed, self._secret())
        try:
            self._codes.use_recovery_code(citizen_id, kept, int(self._clock.now()))
        except NotFound:
            raise WrongRecoveryCode from None


def _shown(random: bytes) -> str:
    code = "".join(ALPHABET[byte % len(ALPHABET)] for byte in random)
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))
