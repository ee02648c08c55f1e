"""How a client would have our answers protected, each kind by members of its own (OIDC Registration section 2, JARM 1.0
section 3, RFC 9701 section 6)."""

from typing import Any, Final

from idp.oidc.keys import ALGORITHMS
from idp.oidc.registration.members import Metadata, one_of

_ID_TOKEN: Final = "id_token_signed_response_alg"
_OTHERS: Final = tuple(f"{kind}_signed_response_alg" for kind in ("userinfo", "authorization", "introspection"))


def answers(metadata: Metadata) -> dict[str, Any]:
    """Raises `InvalidClientMetadata`."""
    offered = tuple(ALGORITHMS)
    chosen: dict[str, Any] = {_ID_TOKEN: one_of(metadata, _ID_TOKEN, offered, "RS256")}
    return chosen | {name: one_of(metadata, name, offered, "") or None for name in _OTHERS}
