"""Sealing of what is personal or secret at rest, and the keyed digests it is found by. The home of `cryptography` for
that.

* `seal` and `open`: AES-256-GCM. The *context* (what the value is and whose: `totp:<citizen id>`) is authenticated
  with it, so that a sealed value moved to another row does not open.
* `fingerprint`: HMAC-SHA-256 of a value that must be found again but not read, such as a citizen's number.

Both name the master key they stand under by its id, so that keys can be changed while everything stays readable. The
keys in use are derived from the master key by HKDF-SHA256 (RFC 5869), one for each purpose. A sealed value is

    0x01 | length of kid | kid | nonce, 96 random bits | ciphertext and tag

and everything before the nonce is authenticated too. Under one master key at most 2**32 values may be sealed (NIST SP
800-38D section 8.3 for random nonces): change the key before that.
"""

import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idp.secrets import Randomness
from idp.vault.master_keys import BadMasterKeys, MasterKeys, read_key_file

__all__ = ["BadMasterKeys", "MasterKeys", "Unsealable", "Vault", "kid_of", "kid_of_fingerprint", "open_vault"]

_FORMAT: Final = 1
_NONCE_BYTES: Final = 12


class Unsealable(Exception):
    """A sealed value does not open: unknown key, other context, or it was altered."""


@dataclass(frozen=True, slots=True)
class _Subkeys:
    header: bytes
    sealing: AESGCM
    fingerprinting: hmac.HMAC


@dataclass(frozen=True, slots=True)
class _Ring:
    current: str
    subkeys: Mapping[str, _Subkeys]


class Vault:
    def __init__(
        self, keys: MasterKeys, randomness: Randomness, source: Callable[[], MasterKeys] | None = None
    ) -> None:
        """`source` is where `reload` reads the keys anew; without it the keys stay what they are."""
        self._ring = _ring(keys)
        self._randomness = randomness
        self._source = source
        self._reloading = threading.Lock()

    @property
    def current_kid(self) -> str:
        return self._ring.current

    @property
    def kids(self) -> tuple[str, ...]:
        """Ids of all loaded keys, the current one first."""
        return tuple(self._ring.subkeys)

    def reload(self) -> None:
        """Take up changed master keys. Raises `BadMasterKeys` and goes on with the keys it has."""
        if self._source is None:
            return
        with self._reloading:
            self._ring = _ring(self._source())

    def seal(self, plain: bytes, context: str) -> bytes:
        ring = self._ring
        subkeys = ring.subkeys[ring.current]
        nonce = self._randomness.bytes(_NONCE_BYTES)
        return subkeys.header + nonce + subkeys.sealing.encrypt(nonce, plain, subkeys.header + context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Raises `Unsealable`."""
        subkeys = self._ring.subkeys.get(kid_of(sealed))
        if subkeys is None:
            raise Unsealable("sealed under a master key that is not loaded")
        header, rest = subkeys.header, sealed[len(subkeys.header) :]
        try:
            return subkeys.sealing.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], header + context.encode())
        except (InvalidTag, ValueError):
            raise Unsealable("altered, or sealed for another context") from None

    def fingerprint(self, kind: str, value: str) -> str:
        """`kid:hex` under the current key: what is stored."""
        ring = self._ring
        return _fingerprint(ring.current, ring.subkeys[ring.current], kind, value)

    def fingerprints(self, kind: str, value: str) -> tuple[str, ...]:
        """`kid:hex` under every loaded key, the current one first: what is looked for."""
        return tuple(_fingerprint(kid, subkeys, kind, value) for kid, subkeys in self._ring.subkeys.items())


def open_vault(path: Path, randomness: Randomness) -> Vault:
    """A vault over a master key file, which `reload` reads again. Raises `BadMasterKeys`."""
    return Vault(read_key_file(path), randomness, lambda: read_key_file(path))


def kid_of(sealed: bytes) -> str:
    """Id of the master key that a value is sealed under. Raises `Unsealable`."""
    if len(sealed) < 2 or sealed[0] != _FORMAT or len(sealed) < 2 + sealed[1] + _NONCE_BYTES:
        raise Unsealable("not a sealed value")
    return sealed[2 : 2 + sealed[1]].decode("ascii", "replace")


def kid_of_fingerprint(fingerprint: str) -> str:
    return fingerprint.partition(":")[0]


def _fingerprint(kid: str, subkeys: _Subkeys, kind: str, value: str) -> str:
    mac = subkeys.fingerprinting.copy()
    # The length keeps ("ab", "c") and ("a", "bc") apart.
    mac.update(b"%d:%b:%b" % (len(kind.encode()), kind.encode(), value.encode()))
    return f"{kid}:{mac.hexdigest()}"


def _ring(keys: MasterKeys) -> _Ring:
    return _Ring(keys.keys[0][0], {kid: _subkeys(kid, master) for kid, master in keys.keys})


def _subkeys(kid: str, master: bytes) -> _Subkeys:
    header = bytes((_FORMAT, len(kid))) + kid.encode("ascii")
    fingerprinting = hmac.new(_derive(master, b"fingerprint"), digestmod="sha256")
    return _Subkeys(header, AESGCM(_derive(master, b"seal")), fingerprinting)


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"citizen-idp " + purpose).derive(master)
