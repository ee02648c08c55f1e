"""What `idp check` looks at on the SAML side: the ends of our certificates."""

from collections.abc import Iterator, Sequence
from typing import Final

from idp.running.finding import OK, WRONG, Finding
from idp.saml.keys import KINDS, OPENS, expires_at
from idp.storage.records.keys import StoredKey
from idp.vault import Unsealable, Vault
from idp.vault.contexts import signing_key_context

CERTIFICATE_DAYS: Final = 180
"""Service providers that were given our metadata by hand need months to take another."""
_DAY: Final = 86_400


def about_certificates(keys: Sequence[StoredKey], vault: Vault, now: float) -> Iterator[Finding]:
    """Of those in use. Nobody has to act on the end of a certificate of ours, and some do."""
    for key in keys:
        if key.alg not in KINDS or key.state != "active":
            continue
        named = f"the {key.alg} key, which {'decrypts' if key.alg == OPENS else 'signs'} for SAML,"
        left = int((expires_at(key) - now) / _DAY)
        try:
            vault.open(key.sealed, signing_key_context(key.kid))
        except Unsealable:
            yield Finding("keys", WRONG, f"{named} cannot be read", "bring back its master key")
            continue
        if left < CERTIFICATE_DAYS:
            todo = f"tell who keeps our metadata by hand, then run `idp key rotate --alg {key.alg}`"
            yield Finding("keys", WRONG, f"{named} has a certificate that ends in {left} days", todo)
        else:
            yield Finding("keys", OK, f"{named} has a certificate that is good for {left} days")
