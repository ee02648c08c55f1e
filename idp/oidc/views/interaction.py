"""The id that a client gives a call to a resource, so that both sides find it in their logs (FAPI 1.0 Part 1, section
6.2.1, points 11 and 12; FAPI-CIBA keeps it)."""

from typing import Any, Final
from uuid import UUID

from idp.secrets import Randomness

HEADER: Final = "x-fapi-interaction-id"
_SENT: Final = "HTTP_X_FAPI_INTERACTION_ID"
_LENGTH: Final = 36


def interaction_id(environ: dict[str, Any], with_certificate: bool, randomness: Randomness) -> str | None:
    """What is sent back: the id that came, if it is a UUID as RFC 9562 writes it; where none came, one of ours for who
    shows a certificate, as clients of that profile do, and none for others."""
    sent = environ.get(_SENT)
    if sent is None:
        return str(UUID(bytes=randomness.bytes(16), version=4)) if with_certificate else None
    try:
        return str(sent) if len(sent) == _LENGTH and str(UUID(sent)) == sent.lower() else None
    except ValueError:
        return None
