"""Our cookies: their names and attributes, and reading one."""

from typing import Final

from flask import Response

LONGEST: Final = 1_024
"""Characters of a cookie that are looked at; none of ours is as long."""

_WHITE: Final = " \t"
"""Python would strip more, which browsers take for a part of the name."""


class Cookies:
    """Names and attributes of our cookies. On https they are `__Host-`: bound to this very host, no path, no domain."""

    def __init__(self, secure: bool) -> None:
        self._secure = secure
        prefix = "__Host-" if secure else ""
        self.session: Final = f"{prefix}idp-session"
        self.browser: Final = f"{prefix}idp-browser"
        self.known: Final = f"{prefix}idp-known"
        self.language: Final = f"{prefix}idp-language"
        self.size: Final = f"{prefix}idp-size"

    def set(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        """`max_age` in seconds; without it the cookie ends with the browser."""
        response.set_cookie(name, value, max_age=max_age, secure=self._secure, httponly=True, samesite="Lax", path="/")

    def drop(self, response: Response, name: str) -> None:
        response.delete_cookie(name, secure=self._secure, httponly=True, samesite="Lax", path="/")


def cookie(header: str, name: str) -> str:
    """The value of the first cookie of that name in a `Cookie` header (RFC 6265 section 4.2.1); empty if there is none.

    Our values are words without quotes, so nothing has to be unquoted. Each hop reads two of them.
    """
    for pair in header.split(";"):
        key, _, value = pair.partition("=")
        if key.strip(_WHITE) == name:
            return value.strip(_WHITE)[:LONGEST]
    return ""
