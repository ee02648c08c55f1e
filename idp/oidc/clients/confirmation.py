"""Which key a token is bound to (RFC 7800 `cnf`): whoever presents the token has to prove that the key is his.

A bound token says so in its own text: the handle, and behind it the thumbprint. Tokens are kept by the digest of their
whole text, so that one whose thumbprint was cut off or exchanged is an unknown one; and a binding costs no round trip
and no member of any record, for whoever has one and for whoever has none.
"""

import re
from dataclasses import dataclass
from typing import Final

_MARK: Final = "~"
"""Stands in no handle and in no JWT, and may stand in a token (RFC 6750 section 2.1)."""
_BOUND: Final = re.compile(r"[^~]+(?:~d([A-Za-z0-9_-]{43}))?(?:~c([A-Za-z0-9_-]{43}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """`jkt`: the RFC 7638 thumbprint of a DPoP key (RFC 9449 section 6.1). `x5t`: the thumbprint of a certificate (RFC
    8705 section 3.1)."""

    jkt: str | None = None
    x5t: str | None = None

    @property
    def token_type(self) -> str:
        """RFC 9449 section 5."""
        return "Bearer" if self.jkt is None else "DPoP"

    @property
    def members(self) -> dict[str, str]:
        """The value of `cnf`."""
        known = {"jkt": self.jkt, "x5t#S256": self.x5t}
        return {name: value for name, value in known.items() if value is not None}

    def bind(self, handle: str) -> str:
        """The text of a token that is bound so."""
        by_key = "" if self.jkt is None else f"{_MARK}d{self.jkt}"
        by_certificate = "" if self.x5t is None else f"{_MARK}c{self.x5t}"
        return f"{handle}{by_key}{by_certificate}"

    def met_by(self, shown: "Confirmation") -> bool:
        """Whether the keys that were `shown` are those this binding asks for."""
        return self.jkt in (None, shown.jkt) and self.x5t in (None, shown.x5t)


UNBOUND: Final = Confirmation()


def confirmation_of(token: str) -> Confirmation:
    """What a token is bound to, by its text. What is no token of ours seems unbound, and is not found."""
    if _MARK not in token:
        return UNBOUND
    bound = _BOUND.fullmatch(token)
    return Confirmation(bound[1], bound[2]) if bound else UNBOUND
