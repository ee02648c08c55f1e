"""Encryption at rest: nothing personal and no key reaches the records unsealed.

    vault.py        AES-256-GCM for values, keyed digests for look-ups, both naming the key they are under
    master_keys.py  the text and the file that master keys are kept in
    contexts.py     what each sealed value is bound to, so that none can stand in another's place

Doing everything anew under another master key is `idp.running.rekey`.
"""

from idp.vault.master_keys import MasterKeys
from idp.vault.vault import Unsealable, Vault, kid_of, kid_of_fingerprint, open_vault

__all__ = ["MasterKeys", "Unsealable", "Vault", "kid_of", "kid_of_fingerprint", "open_vault"]
