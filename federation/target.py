"""Where an outgoing call goes: a URL taken apart once, strictly, before anything is resolved or opened."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PRINTABLE = re.compile(r"[!-~]{1,2048}")
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS = {"https": 443, "http": 80}


class ForbiddenUrl(ValueError):
    """The URL is not one that may be called. Says why, and does not quote it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be called, in its parts; only `target_of` makes it."""

    scheme: str
    host: str
    """A name, or an address without brackets."""
    port: int
    path: str
    """Path and query."""
    allowed: bool
    """Its host and port are named in the allow list, so that http and addresses that are not public will do."""


def target_of(url: str, allow: frozenset[str]) -> Target:
    """Take a URL apart. `allow` holds exact `host:port` pairs. Raises `ForbiddenUrl`."""
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise ForbiddenUrl("characters that no URL has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ForbiddenUrl("malformed") from None
    if parts.scheme not in _DEFAULT_PORTS or port == 0:
        raise ForbiddenUrl("neither https nor http, or no port")
    if "@" in parts.netloc or "#" in url:
        raise ForbiddenUrl("carries a user or a fragment")
    host = _host(parts.hostname or "")
    port = port or _DEFAULT_PORTS[parts.scheme]
    allowed = f"{_bracketed(host)}:{port}" in allow
    if parts.scheme != "https" and not allowed:
        raise ForbiddenUrl("not https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, allowed)


def _host(host: str) -> str:
    """A name or a canonical address; other spellings of addresses (2130706433, 0177.0.0.1, 127.1) are no host."""
    if "%" in host:
        raise ForbiddenUrl("an address with a zone")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not _HOST_NAME.fullmatch(host) or _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]):
        raise ForbiddenUrl("not a host")
    return host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
