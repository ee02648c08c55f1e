"""Clients as a file has them: configuration as code.

Each entry of the file is the whole of a client (RFC 7591 section 2) under a `client_id` that whoever wrote the file
chose. All are proved before one is kept, and all are kept or none. What is already as the file has it is left alone,
and so are clients that the file does not name; so the same file may be brought again and again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from idp.audit.recorder import IDENTIFIERS
from idp.codec import Malformed, decode, elements, encode
from idp.errors import InvalidClientMetadata, OAuthError
from idp.login.party import SERVICE_PROVIDERS
from idp.oidc.clients.client import Client
from idp.oidc.registration.clients import Clients
from idp.oidc.registration.members import parse, string
from idp.oidc.registration.registrar import NOT_SHOWN

MAX_ENTRIES: Final = 10_000


class BadFile(Exception):
    """The file will not do as a whole. Says why, and quotes nothing of it."""


class BadEntry(Exception):
    """An entry of the file will not do. `number` counts from one; `client_id` is None if it is none that may be
    shown."""

    def __init__(self, number: int, client_id: str | None, because: OAuthError) -> None:
        super().__init__(f"entry {number}")
        self.number = number
        self.client_id = client_id
        self.because = because


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of a client: `members` are those that change, and all is as it was if there are none. `before` is
    None for one that is new; `secret` is what it gets, if it gets one."""

    document: bytes
    before: Client | None
    after: Client
    members: tuple[str, ...]
    secret: str | None

    @property
    def outcome(self) -> str:
        """`added`, `changed` or `unchanged`."""
        if self.before is None:
            return "added"
        return "changed" if self.members else "unchanged"


def plan(clients: Clients, file: bytes) -> Sequence[Planned]:
    """What a file would change: a JSON array, or one object a line. Raises `BadFile` or `BadEntry`."""
    seen: set[str] = set()
    planned = []
    for number, document in enumerate(_entries(file), 1):
        client_id = None
        try:
            client_id = _named(document)
            if client_id in seen:
                raise InvalidClientMetadata("client_id stands in another entry, too")
            seen.add(client_id)
            planned.append(plan_one(clients, client_id, document))
        except OAuthError as error:
            raise BadEntry(number, client_id, error) from None
    return planned


def plan_one(clients: Clients, client_id: str, document: bytes) -> Planned:
    """What one document would change. Raises an `OAuthError`."""
    if string(parse(document), "client_id") not in (None, client_id):
        raise InvalidClientMetadata("client_id is another one")
    before, proved = clients.get(client_id), clients.prove(document)
    registered = (
        clients.fresh(proved, client_id, managed=False)
        if before is None
        else clients.changed(before, proved, managed=False)
    )
    after = decode(encode(registered.client), Client)  # as it would be read again
    return Planned(document, before, after, _differing(before, after), registered.client_secret)


def carry_out(clients: Clients, planned: Sequence[Planned]) -> None:
    """All that was planned, or nothing. Raises `Changed` if somebody else changed one of the clients meanwhile."""
    changes = [(each.before, each.after) for each in planned if each.outcome != "unchanged"]
    if changes:
        clients.bring(changes)


def _entries(file: bytes) -> Sequence[bytes]:
    """Raises `BadFile`."""
    try:
        found = elements(file) if file.lstrip()[:1] == b"[" else [line for line in file.splitlines() if line.strip()]
    except Malformed:
        raise BadFile("this begins like a JSON array and is none") from None
    if len(found) > MAX_ENTRIES:
        raise BadFile(f"more than {MAX_ENTRIES} entries: bring them in several files")
    return found


def _named(document: bytes) -> str:
    """The chosen id, which goes into addresses, logs and the audit trail. Raises `InvalidClientMetadata`."""
    client_id = string(parse(document), "client_id")
    if client_id is None or not IDENTIFIERS["client_id"].fullmatch(client_id):
        raise InvalidClientMetadata("client_id is missing, or not 1 to 40 of A-Z a-z 0-9 . _ ~ - with a letter")
    if client_id.startswith(SERVICE_PROVIDERS):
        raise InvalidClientMetadata(f"client_id begins with {SERVICE_PROVIDERS}, as those of SAML service providers do")
    return client_id


def _differing(before: Client | None, after: Client) -> tuple[str, ...]:
    names = (member.name for member in fields(Client) if member.name not in NOT_SHOWN)
    return tuple(name for name in names if before is not None and getattr(before, name) != getattr(after, name))
