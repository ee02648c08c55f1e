"""The attribute table: what is told of a person, one row for each attribute, one column for each who has a word for it.

`name` is our own word: that of the consent page, of what an operator registers, and of the audit trail. `claim` is
OpenID Connect's (OIDC Core section 5.1; `citizen_id_number` is ours). `saml` is the attribute's name in SAML, in
NameFormat uri (saml-core-2.0-os section 8.2.2), `friendly` the one that people read beside it.

Where a public vocabulary has the attribute, its name and its form of the value are taken: inetOrgPerson (RFC 2798),
X.520, SCHAC, and the identifiers of the SAML V2.0 Subject Identifier Attributes Profile. The citizen ID number is told
as it stands on the document, under a name of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PAIRWISE_ID: Final = "pairwise_id"
SUBJECT_ID: Final = "subject_id"


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    claim: str
    saml: str
    friendly: str


ATTRIBUTES: Final = (
    Attribute("name", "name", "urn:oid:2.16.840.1.113730.3.1.241", "displayName"),
    Attribute("birthdate", "birthdate", "urn:oid:1.3.6.1.4.1.25178.1.2.3", "schacDateOfBirth"),
    Attribute("gender", "gender", "urn:oid:1.3.6.1.4.1.25178.1.2.2", "schacGender"),
    Attribute("email", "email", "urn:oid:0.9.2342.19200300.100.1.3", "mail"),
    Attribute("phone_number", "phone_number", "urn:oid:0.9.2342.19200300.100.1.41", "mobile"),
    Attribute("address", "address", "urn:oid:2.5.4.16", "postalAddress"),
    Attribute("citizen_id_number", "citizen_id_number", "urn:citizen-idp:attribute:citizen_id_number", "citizenId"),
    Attribute(PAIRWISE_ID, "sub", "urn:oasis:names:tc:SAML:attribute:pairwise-id", "pairwise-id"),
    Attribute(SUBJECT_ID, "sub", "urn:oasis:names:tc:SAML:attribute:subject-id", "subject-id"),
)

BY_NAME: Final[Mapping[str, Attribute]] = {row.name: row for row in ATTRIBUTES}
BY_SAML: Final[Mapping[str, Attribute]] = {row.saml: row for row in ATTRIBUTES}
