"""Addresses in a registration: where answers are sent, and what citizens are pointed to."""

import re
from typing import Final
from urllib.parse import urlsplit

from idp.errors import InvalidClientMetadata, InvalidRedirectUri
from idp.login.door import origin_of
from idp.oidc.registration.members import Metadata, string, strings

_PRIVATE_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|[0-9a-f:.]+", re.ASCII)
"""A name, or an IPv6 address without its brackets, as `urlsplit` gives it. Other hosts mean different things to
different parsers."""
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def redirect_uri(uri: str, application_type: str) -> str:
    """A redirect address that may be registered (RFC 9700 section 2.1, RFC 8252 section 7, OIDC Registration section
    2).

    https anywhere; http for loopback hosts only, or private schemes with a dot, for native clients. Raises
    `InvalidRedirectUri`.
    """
    if not uri.isascii() or not uri.isprintable() or any(sign in uri for sign in ' "<>\\^`{|}*#'):
        raise InvalidRedirectUri("characters that no redirect address has")
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise InvalidRedirectUri("not a URI") from None
    if parts.username is not None or parts.password is not None:
        raise InvalidRedirectUri("user information before the host")
    if host and not _HOST.fullmatch(host):
        raise InvalidRedirectUri("the host has characters that no host has")
    if parts.scheme == "https" and host:
        return uri
    if parts.scheme == "http" and host in LOOPBACK:
        return uri
    if (
        application_type == "native"
        and _PRIVATE_SCHEME.fullmatch(parts.scheme)
        and not parts.netloc
        and parts.path.startswith("/")
    ):
        return uri
    raise InvalidRedirectUri("https with a host is asked, or http on a loopback host")


def framed(uri: str, redirect_uris: tuple[str, ...]) -> str:
    """A front-channel logout address: of a scheme, host and port that the client is answered at (Front-Channel Logout
    section 2), for our signed-out page loads it. Raises `InvalidClientMetadata`."""
    try:
        proved = redirect_uri(uri, "web")
    except InvalidRedirectUri as error:
        raise InvalidClientMetadata(f"frontchannel_logout_uri: {error.detail}") from None
    if origin_of(proved) not in {origin_of(each) for each in redirect_uris}:
        raise InvalidClientMetadata("frontchannel_logout_uri is at a place that is not among redirect_uris")
    return proved


def link(uri: str) -> str:
    """A page or picture that citizens are pointed to and that we never fetch. Raises `InvalidClientMetadata`."""
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidClientMetadata("not a URI") from None
    if (
        not uri.isprintable()
        or any(sign in uri for sign in " \\")
        or parts.username is not None  # what stands before an @ is easily taken for the host
        or not _HOST.fullmatch(host)
        or not (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))
    ):
        raise InvalidClientMetadata("not an https address")
    return uri


def host_of(uri: str) -> str:
    """The host of a redirect address, or the scheme of an app; with a colon at its end, because no scheme of somebody's
    app is the host of somebody's portal."""
    parts = urlsplit(uri)
    return parts.hostname or f"{parts.scheme}:"


def is_scheme(host: str) -> bool:
    """Whether what `host_of` gave is the scheme of an app."""
    return host.endswith(":")


def redirect_uris_of(metadata: Metadata, name: str, application_type: str) -> tuple[str, ...]:
    """All of a member. Raises `InvalidRedirectUri`."""
    try:
        return tuple(redirect_uri(uri, application_type) for uri in strings(metadata, name))
    except InvalidClientMetadata as error:
        raise InvalidRedirectUri(error.detail) from None
    except InvalidRedirectUri as error:
        raise InvalidRedirectUri(f"{name}: {error.detail}") from None


def link_of(text: str, name: str) -> str:
    """The same as `link`, for a member of that name. Raises `InvalidClientMetadata`."""
    try:
        return link(text)
    except InvalidClientMetadata as error:
        raise InvalidClientMetadata(f"{name}: {error.detail}") from None


def called(metadata: Metadata, name: str) -> str | None:
    """An address that we call ourselves: absolute, no fragment (OIDC Back-Channel Logout section 2.2)."""
    uri = string(metadata, name)
    if uri is None:
        return None
    if "#" in uri:
        raise InvalidClientMetadata(f"{name} has a fragment")
    return link_of(uri, name)
