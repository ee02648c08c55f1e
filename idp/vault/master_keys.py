"""Master keys: the text they are kept in, and the file that holds it.

    # first line: the current key; further lines: older keys that can still open what they sealed
    k20261123-5f0c  wYb…43 characters of base64url, 32 bytes

To change the current key without a gap, first put the new line *below* the current one and let every worker load it
(`idp.vault.Vault.reload`), then move it to the top, load again, and re-key (`idp.running.rekey`). A worker that does
not know a key cannot open what another sealed under it; this order keeps that from happening.
"""

import base64
import binascii
import os
import re
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from idp.secrets import Randomness, urlsafe

_KID: Final = re.compile(r"[a-z0-9-]{1,32}")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+={0,2}")
_KEY_BYTES: Final = 32


class BadMasterKeys(ValueError):
    """The text is not a list of master keys, or its file is not fit to hold one. The message never quotes a key."""


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """Keys by id, the current one first."""

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `BadMasterKeys` naming the line."""
        lines = ((number, line.split("#", 1)[0].split()) for number, line in enumerate(text.splitlines(), 1))
        keys = tuple(_key(number, words) for number, words in lines if words)
        if not keys:
            raise BadMasterKeys("there is no key; make one with `idp key master`")
        if len({kid for kid, _ in keys}) != len(keys):
            raise BadMasterKeys("two lines have the same key id")
        return cls(keys)

    @staticmethod
    def generate(randomness: Randomness, now: float) -> str:
        """A line with a new key."""
        day = time.strftime("%Y%m%d", time.gmtime(now))
        return f"k{day}-{randomness.bytes(4).hex()} {urlsafe(randomness.bytes(_KEY_BYTES))}\n"


def _key(number: int, words: list[str]) -> tuple[str, bytes]:
    if len(words) == 2 and not _BASE64URL.fullmatch(words[1]):
        raise BadMasterKeys(f"the key in line {number} is not base64url")
    if len(words) != 2 or not _KID.fullmatch(words[0]):
        raise BadMasterKeys(f"line {number} is not `kid key`, with a kid of at most 32 of a-z, 0-9 and -")
    try:
        key = base64.urlsafe_b64decode(words[1] + "=" * (-len(words[1]) % 4))
    except binascii.Error:
        raise BadMasterKeys(f"the key in line {number} is not base64url") from None
    if len(key) != _KEY_BYTES:
        raise BadMasterKeys(f"the key in line {number} has {len(key)} bytes; it must have {_KEY_BYTES}")
    return words[0], key


def read_key_file(path: Path) -> MasterKeys:
    """Raises `BadMasterKeys`, also for a file that its group or others may read, write or run."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise BadMasterKeys(f"{path} may be used by others; run: chmod 600 {path}")
        return MasterKeys.parse(path.read_text("ascii"))
    except FileNotFoundError:
        raise BadMasterKeys(f"{path} is not there; for a new deployment make it with `idp key master`") from None
    except OSError as error:
        raise BadMasterKeys(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadMasterKeys(f"{path} is not text") from None


def ensure_key_file(path: Path, randomness: Randomness, now: float) -> None:
    """Make the file with a new key (mode 0600) unless it is there; of parallel callers one makes it."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{randomness.bytes(8).hex()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(MasterKeys.generate(randomness, now))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
