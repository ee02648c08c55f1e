"""Whom the relying party expects (`login_hint`), as it may be stored: a hint may be a citizen's number, and numbers are
not kept in plain text."""

import base64
from typing import Final

from idp.vault import Unsealable, Vault

_HINT: Final = "login_hint"


class LoginHints:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, hint: str) -> str:
        return base64.b64encode(self._vault.seal(hint.encode(), _HINT)).decode() if hint else ""

    def open(self, sealed: str) -> str:
        """The hint; empty if there is none, or none that still opens."""
        try:
            return self._vault.open(base64.b64decode(sealed), _HINT).decode()
        except Unsealable:
            return ""
