"""A citizen, as the rest of the system sees one."""

import enum
from dataclasses import dataclass


class Status(enum.Enum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DECEASED = "deceased"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a person. Sealed as one document at rest; every member is personal data.

    `number` is canonical (`idp.citizens.number`), `phone` is E.164, `birthdate` is ISO 8601. An account may have no
    number.
    """

    name: str
    number: str | None = None
    phone: str | None = None
    email: str | None = None
    birthdate: str | None = None
    gender: str | None = None
    address: str | None = None

    @property
    def masked_name(self) -> str:
        """The first and the last character: enough to see that it is one's own account."""
        name = self.name
        if len(name) <= 2:
            return name[:1] + "*"
        return f"{name[0]}{'*' * min(len(name) - 2, 3)}{name[-1]}"


@dataclass(frozen=True, slots=True)
class Citizen:
    """`id` is opaque and never changes; it is the only name of a citizen that may appear in a log."""

    id: str
    status: Status
    profile: Profile
    updated_at: int

    @property
    def may_sign_in(self) -> bool:
        return self.status is Status.ACTIVE
