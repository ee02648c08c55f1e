"""What the value of a setting must look like.

Each function gives a value its type, or raises `ValueError` with words that follow the setting's name ("must be …").
The value itself is never quoted.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote, urlsplit

RECORDS_SCHEMES = ("sqlite", "postgresql+psycopg")
STATE_SCHEMES = (
    "sqlite",
    "redis",
    "rediss",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
)

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}", re.ASCII)
_TAKEN = frozenset({"authorization", "cookie", "dpop", "host", "origin", "forwarded", "x-forwarded-for"})
_HOST_PORT = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?):(?P<port>[1-9][0-9]{0,4})")
_HOST_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def is_loopback(host: str) -> bool:
    """Whether a host of a URL is this machine: localhost, 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def issuer(raw: str) -> str:
    parts = urlsplit(raw)
    port = parts.port  # raises ValueError when it is out of range
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not _is_host(host):
        raise ValueError("must be a URL such as https://id.example.cn, in lower-case ASCII")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("must begin with https:// (http is for loopback hosts only)")
    shown = f"[{host}]" if ":" in host else host
    default_port = 443 if parts.scheme == "https" else 80
    netloc = shown if port in (None, default_port) else f"{shown}:{port}"
    if raw != f"{parts.scheme}://{netloc}":
        raise ValueError(
            f"must be exactly {parts.scheme}://{netloc}: no path, slash at the end, query, user or default port"
        )
    return raw


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _HOST_NAME.fullmatch(host) is not None
    return True


def is_domain(name: str) -> bool:
    """Whether a name is one of DNS, in lower case."""
    return _HOST_NAME.fullmatch(name) is not None


def records_url(raw: str) -> str:
    return _store_url(raw, RECORDS_SCHEMES)


def state_url(raw: str) -> str:
    return _store_url(raw, STATE_SCHEMES)


def _store_url(raw: str, schemes: Sequence[str]) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in schemes:
        raise ValueError(f"must begin with one of {', '.join(f'{scheme}://' for scheme in schemes)}")
    if parts.scheme != "sqlite":
        return raw
    if not raw.startswith("sqlite:///") or len(parts.path) < 2 or parts.query:
        raise ValueError("must name a file: sqlite:////an/absolute/path or sqlite:///a/relative/path")
    return address_of_file(file_of_address(raw).absolute())


def address_of_file(file: Path) -> str:
    """The address of an embedded store. What means something in an address is escaped, or the store would be made in
    another directory, that others may read."""
    return "sqlite:///" + "".join(f"%{ord(each):02X}" if each in "%?#" else each for each in str(file))


def file_of_address(url: str) -> Path:
    return Path(unquote(url.removeprefix("sqlite:///")))


def host_ports(raw: str) -> frozenset[str]:
    pairs = [pair.strip().lower() for pair in raw.split(",") if pair.strip()]
    for pair in pairs:
        match = _HOST_PORT.fullmatch(pair)
        if match is None or int(match["port"]) > 65_535 or not _is_host(match["host"].strip("[]")):
            raise ValueError(
                "must be exact host:port pairs with commas between, such as 127.0.0.1:9443,registry.internal:443"
            )
    return frozenset(pairs)


def addresses(raw: str) -> frozenset[str]:
    try:
        parsed = [ipaddress.ip_address(part.strip()) for part in raw.split(",") if part.strip()]
    except ValueError:
        raise ValueError(
            "must be exact addresses (no ranges, no names) with commas between, such as 10.0.0.5"
        ) from None
    # IPv4 in IPv6 is IPv4, as in `idp.sources.address_of`
    return frozenset(str(getattr(address, "ipv4_mapped", None) or address) for address in parsed)


def header(raw: str) -> str:
    """A name that no other header of ours has. One with an underscore cannot be told from one with a hyphen."""
    if not _HEADER.fullmatch(raw) or raw.lower() in _TAKEN:
        raise ValueError("must be the name of a header of its own, with hyphens, not underscores, such as Client-Cert")
    return raw


def one_of(choices: object) -> Callable[[str], Any]:
    allowed = get_args(choices)

    def parse(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return raw

    return parse


def seconds(low: int, high: int) -> Callable[[str], int]:
    return whole(low, high, "whole number of seconds")


def whole(low: int, high: int, kind: str = "whole number") -> Callable[[str], int]:
    def parse(raw: str) -> int:
        if re.fullmatch(r"[0-9]{1,10}", raw) is None or not low <= int(raw) <= high:
            raise ValueError(f"must be a {kind} from {low} to {high}")
        return int(raw)

    return parse


def path(raw: str) -> Path:
    return Path(raw).absolute()


def existing_file(raw: str) -> Path:
    path = Path(raw).absolute()
    if not path.is_file():
        raise ValueError("must name a file that exists and can be read")
    return path


def text(raw: str) -> str | None:
    return raw
