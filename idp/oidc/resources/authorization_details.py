"""Rich authorization requests (RFC 9396), for the one type there is: certificate records that a service reads.

```json
[{"type": "urn:citizen-idp:certificate-records", "actions": ["read"],
  "locations": ["https://records.example.cn/api"], "certificate_types": ["11100000000013127D001"]}]
```

A certificate type is named by its code: the credit code of the authority that defines it, and three digits. `locations`
are the resource servers that hold the records; each says which types it has, in words for citizens. What is granted is
kept for each location apart, for a token is for one of them, and each type has a name of its own for consent.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from idp.codec import Malformed, decode_unique
from idp.errors import InvalidAuthorizationDetails
from idp.oidc.clients.client import Client
from idp.oidc.resources.resources import Resource, ResourceDirectory
from idp.secrets import digest

CERTIFICATE_RECORDS: Final = "urn:citizen-idp:certificate-records"
TYPES: Final = (CERTIFICATE_RECORDS,)
ACTIONS: Final = ["read"]
MAX_LENGTH: Final = 8_192
MAX_DETAILS: Final = 8
MAX_RECORDS: Final = 12
"""Certificate types over all locations: a citizen has to read them, and every event of the consent names them."""
CERTIFICATE_TYPE: Final = re.compile(r"[0-9A-Z]{18}[0-9]{3}", re.ASCII)
_MEMBERS: Final = {"type", "actions", "locations", "certificate_types"}


@dataclass(frozen=True, slots=True)
class Records:
    """The certificate records of some types at one resource server, to be read."""

    location: str
    certificate_types: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What consent knows each type by."""
        return tuple(name_of(self.location, code) for code in self.certificate_types)

    @property
    def document(self) -> dict[str, Any]:
        """As it is told (section 7)."""
        return {
            "type": CERTIFICATE_RECORDS,
            "actions": ACTIONS,
            "locations": [self.location],
            "certificate_types": list(self.certificate_types),
        }


def name_of(location: str, code: str) -> str:
    """In groups, for the audit trail lets no run of digits through that could be a citizen's number."""
    return f"certificates/{digest(location)[:8]}/{code[:7]}/{code[7:14]}/{code[14:]}"


def parse(text: str | None, client: Client, resources: ResourceDirectory) -> tuple[Records, ...]:
    """What an `authorization_details` parameter asks for. Raises `InvalidAuthorizationDetails` (section 5) for a type
    that is not the client's to ask, and for whatever is missing, unknown or malformed in it."""
    if text is None:
        return ()
    found: dict[str, dict[str, None]] = {}
    for detail in _objects(text):
        if detail.get("type") not in client.authorization_details_types or detail.keys() != _MEMBERS:
            raise InvalidAuthorizationDetails("another type, or other members than the type has")
        if detail["actions"] != ACTIONS:
            raise InvalidAuthorizationDetails("actions")
        codes = _texts(detail["certificate_types"])
        for location in _texts(detail["locations"]):
            _held(resources.get(location), codes)
            found.setdefault(location, {}).update(dict.fromkeys(codes))
    if sum(map(len, found.values())) > MAX_RECORDS:
        raise InvalidAuthorizationDetails("too many certificate types")
    return tuple(Records(location, tuple(codes)) for location, codes in found.items())


def within(records: Iterable[Records], names: Collection[str]) -> tuple[Records, ...]:
    """Of these records those that are named."""
    kept = (
        replace(
            each,
            certificate_types=tuple(code for code in each.certificate_types if name_of(each.location, code) in names),
        )
        for each in records
    )
    return tuple(each for each in kept if each.certificate_types)


def names(records: Iterable[Records]) -> tuple[str, ...]:
    return tuple(name for each in records for name in each.names)


def _objects(text: str) -> Sequence[dict[str, Any]]:
    if len(text) > MAX_LENGTH:
        raise InvalidAuthorizationDetails("too long")
    try:
        details = decode_unique(text, list[dict[str, Any]])
    except Malformed:
        raise InvalidAuthorizationDetails("not an array of objects, or a member stands twice") from None
    if not 0 < len(details) <= MAX_DETAILS:
        raise InvalidAuthorizationDetails("none, or too many")
    return details


def _texts(value: Any) -> Sequence[str]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise InvalidAuthorizationDetails("not an array of texts")
    if len(set(value)) < len(value):
        raise InvalidAuthorizationDetails("a text stands twice")
    return value


def _held(resource: Resource | None, codes: Sequence[str]) -> None:
    if resource is None or not resource.certificate_types.keys() >= set(codes):
        raise InvalidAuthorizationDetails("a location that is unknown, or has no such certificate type")
