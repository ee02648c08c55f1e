"""NameID (saml-core-2.0-os section 2.2.3): by what one party names a person to another."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NameId:
    value: str
    format: str | None = None
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None
