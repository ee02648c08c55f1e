"""The `user_code` of CIBA (Core section 7.1): a citizen who has one can be asked for only by whom he told it.

We make it and show it once, at /approve; kept is its digest under a secret of the deployment. Against guesses stands
how seldom a client may ask for one person.
"""

import hmac
from typing import Protocol

from idp.oidc.decoupled import user_code
from idp.secrets import Randomness, equal


class CodeRecords(Protocol):
    """`idp.storage.records.citizen_codes.CitizenCodeRecords`."""

    def find(self, citizen_id: str) -> str | None: ...
    def save(self, citizen_id: str, digest: str) -> None: ...
    def remove(self, citizen_id: str) -> None: ...


class CitizenCodes:
    def __init__(self, records: CodeRecords, secret: bytes, randomness: Randomness) -> None:
        self._records = records
        self._secret = secret
        self._randomness = randomness

    def renew(self, citizen_id: str) -> str:
        """A new code in place of the one before, as it is shown, once."""
        code = user_code.mint_user_code(self._randomness)
        self._records.save(citizen_id, self._digest(citizen_id, code))
        return user_code.shown(code)

    def remove(self, citizen_id: str) -> None:
        self._records.remove(citizen_id)

    def there(self, citizen_id: str) -> bool:
        return self._records.find(citizen_id) is not None

    def fits(self, citizen_id: str, typed: str) -> bool:
        """Whether this is the citizen's code; not if he has none."""
        kept, code = self._records.find(citizen_id), user_code.read(typed)
        return equal(kept or "", self._digest(citizen_id, code)) and bool(code)

    def _digest(self, citizen_id: str, code: str) -> str:
        text = f"{len(citizen_id)}:{citizen_id}:{code}"
        return hmac.digest(self._secret, text.encode(), "sha256").hex()
