"""Our keys: next, active, retired; one of each per algorithm.

The next key is published before it signs, so that relying parties that cache `/jwks` know it by then; a retired one
stays published until what it signed has expired. Of those to which relying parties encrypt only the active one is
published, and a retired one opens what came by an old copy of `/jwks`. Private halves are sealed under the master key.
Every worker keeps them in memory and drops them when their version moves (`idp.versions`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from idp.clock import Clock
from idp.codec import decode, encode
from idp.oidc.jose import jwe, jws
from idp.oidc.jose.jwe import DecryptionKey
from idp.oidc.jose.jws import PrivateKey, SigningKey
from idp.storage.records.keys import KeyRecords, StoredKey
from idp.vault import Vault
from idp.vault.contexts import signing_key_context
from idp.versions import Shelf, Versions


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


ALGORITHMS: Final[Mapping[str, Callable[[], PrivateKey]]] = {
    "RS256": _rsa,
    "PS256": _rsa,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}
"""What we sign with (RFC 7518 section 3.1, RFC 8037 section 3.1). A key has one algorithm (RFC 8725 section 3.2)."""
ENCRYPTION: Final[Mapping[str, Callable[[], PrivateKey]]] = {"RSA-OAEP-256": _rsa, "ECDH-ES": ALGORITHMS["ES256"]}
"""What relying parties encrypt to us with (RFC 7518 section 4.1)."""
EVERY: Final = {**ALGORITHMS, **ENCRYPTION}
KEEP_RETIRED_SECONDS: Final = 7 * 86_400
"""How long a retired key stays published: longer than any token it signed, and than clients cache `/jwks`."""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as `idp key list` shows it. Times are seconds since the epoch."""

    kid: str
    alg: str
    state: str
    created_at: int
    activated_at: int | None
    retired_at: int | None


@dataclass(frozen=True, slots=True)
class _Ring:
    active: Mapping[str, SigningKey]
    opening: tuple[DecryptionKey, ...]
    """The active ones first."""
    verifying: tuple[Mapping[str, str], ...]
    jwks: bytes
    stale_at: float
    """When the next retired key goes; seconds since the epoch."""


class KeyRing:
    def __init__(self, records: KeyRecords, vault: Vault, clock: Clock, versions: Versions) -> None:
        self._records = records
        self._vault = vault
        self._clock = clock
        self._versions = versions
        self._kept: Shelf[_Ring] = Shelf(versions, capacity=1)

    def signer(self, alg: str) -> SigningKey:
        """The active key of an algorithm we offer."""
        return self._current().active[alg]

    def jwks(self) -> bytes:
        """The JWK Set (RFC 7517 section 5) to publish: keys that sign, will sign or lately did, and to encrypt to."""
        return self._current().jwks

    def verify(self, token: str, typ: str) -> dict[str, object]:
        """The claims of a token that we signed. Raises `InvalidJws`."""
        return jws.verify(token, self._current().verifying, typ)

    def decrypt(self, token: str) -> str:
        """The content of a JWE to us. Raises `InvalidJwe`."""
        return jwe.decrypt(token, self._current().opening)

    def list(self) -> Sequence[KeyInfo]:
        return [
            KeyInfo(key.kid, key.alg, key.state, key.created_at, key.activated_at, key.retired_at)
            for key in sorted(self._stored(), key=lambda key: (key.alg, key.created_at))
        ]

    def rotate(self, alg: str) -> None:
        """Retire the active key, activate the next, make a new next."""
        now = int(self._clock.now())
        self._records.rotate(alg, self._fresh(alg, now), now)
        self._records.remove_retired(tuple(EVERY), now - KEEP_RETIRED_SECONDS)
        self._versions.bump()

    def ensure(self) -> None:
        """Give each algorithm an active and a next key where it has none: at the first start, and where it is new."""
        now = int(self._clock.now())
        known = {key.alg for key in self._stored() if key.state == "active"}
        for alg in EVERY:
            if alg not in known:
                self._records.start(alg, self._fresh(alg, now), self._fresh(alg, now), now)
                self._versions.bump()

    def _current(self) -> _Ring:
        ring = self._kept.get("ring", self._load)
        if ring is not None and ring.stale_at <= self._clock.now():
            self._kept.clear()
            ring = self._kept.get("ring", self._load)
        if ring is None:
            raise LookupError("there are no signing keys")
        return ring

    def _stored(self) -> Sequence[StoredKey]:
        """Those of other front doors, which stand in the same table, have a colon in the place of their algorithm."""
        return [key for key in self._records.all() if ":" not in key.alg]

    def _load(self, _name: str) -> _Ring:
        expired = self._clock.now() - KEEP_RETIRED_SECONDS
        stored = [key for key in self._stored() if key.retired_at is None or key.retired_at > expired]
        signing = [key for key in stored if key.alg not in ENCRYPTION]
        receiving = sorted((key for key in stored if key.alg in ENCRYPTION), key=lambda key: key.state)  # active first
        signers = [key for key in signing if key.state == "active" and key.alg in ALGORITHMS]
        verifying = tuple(_public(key) for key in signing)
        offered = tuple(_public(key) for key in receiving if key.state == "active")
        ends = [key.retired_at + KEEP_RETIRED_SECONDS for key in stored if key.retired_at is not None]
        return _Ring(
            active={key.alg: SigningKey(key.kid, key.alg, self._open(key)) for key in signers},
            opening=tuple(DecryptionKey(key.kid, key.alg, self._open(key)) for key in receiving),
            verifying=verifying,
            jwks=encode({"keys": (*verifying, *offered)}),
            stale_at=min(ends, default=math.inf),
        )

    def _open(self, key: StoredKey) -> PrivateKey:
        der = self._vault.open(key.sealed, signing_key_context(key.kid))
        # We made it, and its seal proves that it is as we made it; to validate an RSA key again takes 40 ms.
        private = serialization.load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(private, PrivateKey):
            raise TypeError(key.alg)
        return private

    def _fresh(self, alg: str, now: int) -> StoredKey:
        private = EVERY[alg]()
        public = jws.public_jwk(private, alg, "enc" if alg in ENCRYPTION else "sig")
        der = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        sealed = self._vault.seal(der, signing_key_context(public["kid"]))
        return StoredKey(public["kid"], alg, "next", sealed, encode(public), now, None, None)


def _public(key: StoredKey) -> Mapping[str, str]:
    return decode(key.public_jwk, dict[str, str])
