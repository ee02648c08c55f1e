"""How a client would have our answers protected, each kind by members of its own (OIDC Registration section 2, JARM 1.0
section 3, RFC 9701 section 6)."""

from collections.abc import Mapping
from typing import Any

from idp.errors import InvalidClientMetadata
from idp.oidc.clients.client import PROTECTED
from idp.oidc.jose import jwe
from idp.oidc.jose.keys import ALGORITHMS
from idp.oidc.registration.members import Metadata, one_of


def answers(metadata: Metadata, keys: Mapping[str, Any]) -> dict[str, Any]:
    """`keys`: the members `jwks` or `jwks_uri`, proved. Raises `InvalidClientMetadata`."""
    chosen: dict[str, Any] = {}
    for kind in PROTECTED:
        name = f"{kind}_signed_response_alg"
        chosen[name] = one_of(metadata, name, tuple(ALGORITHMS), "RS256" if kind == "id_token" else "") or None
        chosen |= _encrypted(metadata, f"{kind}_encrypted_response", keys)
    return chosen


def _encrypted(metadata: Metadata, member: str, keys: Mapping[str, Any]) -> dict[str, str | None]:
    """Keys by value are looked at now, those at an address when they are needed."""
    chosen = encryption(metadata, member, jwe.ALGORITHMS)
    alg = chosen[f"{member}_alg"]
    if alg is not None and keys.get("jwks_uri") is None:
        try:
            jwe.recipient(keys.get("jwks", {}).get("keys", ()), alg)
        except jwe.NoRecipient:
            raise InvalidClientMetadata(f"jwks has no key for {member}_alg") from None
    return chosen


def encryption(metadata: Metadata, member: str, offered: tuple[str, ...]) -> dict[str, str | None]:
    """The algorithms for the key and for the content; the second alone means nothing. Raises
    `InvalidClientMetadata`."""
    alg = one_of(metadata, f"{member}_alg", offered, "") or None
    enc = one_of(metadata, f"{member}_enc", jwe.ENCODINGS, jwe.ENCODINGS[0])
    if alg is None and metadata.get(f"{member}_enc") is not None:
        raise InvalidClientMetadata(f"{member}_enc without {member}_alg")
    return {f"{member}_alg": alg, f"{member}_enc": enc if alg else None}
