"""JWTs that we made, read as a relying party would: with a library of its own and the keys of /jwks."""

import json
from typing import Any

from joserfc import jws
from joserfc.jwk import KeySet

from tests.support.provider import ISSUER, Provider

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""What we sign with."""


def read(provider: Provider, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims; fails if none of the published keys signed it."""
    published = KeySet.import_key_set(provider.machine().get("/jwks", base_url=ISSUER).get_json())
    found = jws.deserialize_compact(token, published, algorithms=list(ALGORITHMS))
    claims: dict[str, Any] = json.loads(found.payload)
    return dict(found.headers()), claims
