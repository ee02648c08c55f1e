"""Style sheet, pictures and the one script, under names that carry a digest of their content and may therefore be
cached for ever."""

import hashlib
from pathlib import Path

_CONTENT_TYPES = {
    "style.css": "text/css; charset=utf-8",
    "emblem.svg": "image/svg+xml",
    "favicon.svg": "image/svg+xml",
    "continue.js": "text/javascript; charset=utf-8",
}


class Statics:
    """A fixed table, read once: no request ever reaches the file system."""

    def __init__(self, folder: Path) -> None:
        files = {name: (folder / name).read_bytes() for name in _CONTENT_TYPES}
        self._names = {name: _digested(name, content) for name, content in files.items()}
        self._served = {self._names[name]: (content, _CONTENT_TYPES[name]) for name, content in files.items()}

    def name(self, plain: str) -> str:
        """`style.css` → `style.0123456789ab.css`."""
        return self._names[plain]

    def get(self, name: str) -> tuple[bytes, str] | None:
        """Content and content type of a digested name; None for any other."""
        return self._served.get(name)


def _digested(name: str, content: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
