"""What a portal knows: who it is, where it is, whom it trusts, and its registration there. Kept in a JSON file."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalSettings:
    theme: str
    url: str
    issuer: str
    others: Mapping[str, str] = field(default_factory=dict)
    """Where the other portals are, by theme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings(PortalSettings):
    client_id: str
    client_secret: str
    scope: str
    id_token_signed_response_alg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlSettings(PortalSettings):
    private_key: str
    """PEM, PKCS #8: it signs what the portal sends, and opens assertions that are encrypted to it."""
    certificate: str
    """DER in base64, as metadata has it."""
