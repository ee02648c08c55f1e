"""Our keys towards service providers: one RSA and one EC key that sign, one RSA key that opens what is encrypted to us.

Each has a certificate that it signed itself, because metadata carries keys so; nobody acts on its names or times. They
live as those of OpenID Connect do, and in the same table: the *next* one is published in our metadata before it signs,
the *active* one signs, a *retired* one opens what was still encrypted to it. Private halves are sealed under the master
key. Every worker keeps them in memory and drops them when their version moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from federation.saml import algorithms
from federation.saml.algorithms import EC, OPENED, RSA, Signing
from federation.saml.credentials import (
    VALID_FOR,
    Decrypter,
    KeyDecrypter,
    KeySigner,
    PrivateKey,
    Signer,
    new_credential,
    open_private,
)
from federation.saml.metadata.entity import EntityKey
from federation.saml.names import ECDSA_SHA256, RSA_SHA256, RSA_SHA384, RSA_SHA512, SHA256
from idp.clock import Clock
from idp.codec import decode, encode
from idp.saml.service_provider import ServiceProvider
from idp.storage.records.keys import KeyRecords, StoredKey
from idp.vault import Vault
from idp.vault.contexts import signing_key_context
from idp.versions import Shelf, Versions

SIGNS_RSA, SIGNS_EC, OPENS = KINDS = ("saml:RSA", "saml:EC", "saml:ENC")
"""What stands in the place of an algorithm: such a key signs with whichever of its kind a service provider takes."""
OFFERED: Final[Mapping[str, str]] = {
    ECDSA_SHA256: SIGNS_EC,
    RSA_SHA256: SIGNS_RSA,
    RSA_SHA384: SIGNS_RSA,
    RSA_SHA512: SIGNS_RSA,
}
"""What we can sign with, and by which key."""
METADATA_SIGNING: Final = Signing(RSA_SHA256, SHA256)
"""Of our own metadata, which everybody has to be able to verify."""
KEEP_RETIRED_SECONDS: Final = 30 * 86_400
"""How long a retired key still opens: longer than anybody keeps our metadata."""


_KTY: Final = "X.509"
"""A worker of the release before, while an upgrade rolls, takes it for a key of a kind that nobody knows."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A key as `idp key list` and `idp check` show it. Times are seconds since the epoch; `expires_at` is the end that
    its certificate names."""

    kid: str
    alg: str
    state: str
    created_at: int
    activated_at: int | None
    retired_at: int | None
    expires_at: int


@dataclass(frozen=True, slots=True)
class _Ring:
    active: Mapping[str, tuple[PrivateKey, str]]
    """By kind: the key and its certificate."""
    opening: tuple[Decrypter, ...]
    published: tuple[EntityKey, ...]
    signers: dict[Signing, Signer]


class SamlKeys:
    def __init__(self, records: KeyRecords, vault: Vault, clock: Clock, versions: Versions, issuer: str) -> None:
        """`issuer` names us in the certificates."""
        self._records = records
        self._vault = vault
        self._clock = clock
        self._versions = versions
        self._subject = issuer.partition("://")[2][:64]  # a common name has no more (RFC 5280 appendix A.1)
        self._kept: Shelf[_Ring] = Shelf(versions, capacity=1)

    def signer(self, signing: Signing) -> Signer:
        """The active key that signs so. Raises `KeyError` for an algorithm that is not in `OFFERED`."""
        ring = self._current()
        found = ring.signers.get(signing)
        if found is None:
            found = KeySigner(*ring.active[OFFERED[signing.algorithm]], signing)
            ring.signers[signing] = found
        return found

    def signer_for(self, provider: ServiceProvider) -> Signer:
        """What signs for a service provider: as an operator said, else as its metadata has it. Raises
        `NoCommonAlgorithm`."""
        entity = provider.entity
        return self.signer(_choice(entity.signing_methods, entity.digest_methods, provider.signature_algorithm))

    def decrypters(self) -> Sequence[Decrypter]:
        """What opens what was encrypted to us: the active key first."""
        return self._current().opening

    def published(self) -> Sequence[EntityKey]:
        """What our metadata has: of those that sign the active and the next, of those that open the active one."""
        return self._current().published

    def list(self) -> Sequence[Credential]:
        return [
            Credential(
                *(key.kid, key.alg, key.state, key.created_at, key.activated_at, key.retired_at, expires_at(key))
            )
            for key in sorted(self._stored(), key=lambda key: (key.alg, key.created_at))
        ]

    def rotate(self, kind: str) -> None:
        """Retire the active key, activate the next, make a new next."""
        now = int(self._clock.now())
        self._records.rotate(kind, self._fresh(kind, now), now)
        self._records.remove_retired(KINDS, now - KEEP_RETIRED_SECONDS)
        self._versions.bump()

    def ensure(self) -> None:
        """Give each kind an active and a next key where it has none."""
        now = int(self._clock.now())
        known = {key.alg for key in self._stored() if key.state == "active"}
        for kind in KINDS:
            if kind not in known:
                self._records.start(kind, self._fresh(kind, now), self._fresh(kind, now), now)
                self._versions.bump()

    def _current(self) -> _Ring:
        ring = self._kept.get("ring", self._load)
        if ring is None:
            raise LookupError("there are no keys for SAML")
        return ring

    def _stored(self) -> Sequence[StoredKey]:
        return [key for key in self._records.all() if key.alg in KINDS]

    def _load(self, _name: str) -> _Ring:
        expired = self._clock.now() - KEEP_RETIRED_SECONDS
        stored = sorted(self._stored(), key=lambda key: (KINDS.index(key.alg), key.state))  # active, next, retired
        opening = [key for key in stored if key.alg == OPENS and (key.retired_at is None or key.retired_at > expired)]
        return _Ring(
            active={
                key.alg: (self._open(key), certificate_of(key))
                for key in stored
                if key.state == "active" and key.alg != OPENS
            },
            opening=tuple(KeyDecrypter(self._open(key)) for key in opening),
            published=tuple(_published(key) for key in stored if _is_published(key)),
            signers={},
        )

    def _open(self, key: StoredKey) -> PrivateKey:
        return open_private(self._vault.open(key.sealed, signing_key_context(key.kid)))

    def _fresh(self, kind: str, now: int) -> StoredKey:
        made = new_credential(EC if kind == SIGNS_EC else RSA, self._subject, now)
        kid = sha256(made.certificate.encode()).hexdigest()[:40]
        public = {"kty": _KTY, "kid": kid, "certificate": made.certificate}
        sealed = self._vault.seal(made.private_der, signing_key_context(kid))
        return StoredKey(kid, kind, "next", sealed, encode(public), now)


def certificate_of(key: StoredKey) -> str:
    """DER in base64."""
    return decode(key.public_jwk, dict[str, str])["certificate"]


def expires_at(key: StoredKey) -> int:
    """When its certificate ends."""
    return key.created_at + int(VALID_FOR.total_seconds())


@lru_cache(maxsize=256)
def _choice(methods: tuple[str, ...], digests: tuple[str, ...], override: str | None) -> Signing:
    return algorithms.choose_signature(OFFERED, methods, digests, override)


def _is_published(key: StoredKey) -> bool:
    return key.state == "active" or (key.state == "next" and key.alg != OPENS)


def _published(key: StoredKey) -> EntityKey:
    if key.alg == OPENS:
        return EntityKey(certificate_of(key), "encryption", OPENED)
    return EntityKey(certificate_of(key), "signing")
