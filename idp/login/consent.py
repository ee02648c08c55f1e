"""Consent: what a citizen agreed to pass to a relying party, on which basis, for which notice.

An agreement covers a later request when everything asked was decided then (granted or, where optional, declined) and
the notice is still the same: a relying party that changes its purpose, its retention or its legal basis must ask again
(PIPL articles 14, 17).
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from idp.audit.recorder import note
from idp.clock import Clock
from idp.codec import decode, encode
from idp.login.party import CONSENT, STATUTORY_DUTY, RelyingParty
from idp.login.transaction import Ask
from idp.sessions import leg_field
from idp.storage.records.consents import StoredConsent

SENSITIVE: Final = frozenset({"citizen_id", "citizen_id_number"})
"""Scopes and claims that need a tick of their own (PIPL articles 28-30)."""


class MissingRequired(Exception):
    """The citizen agreed, but left out something without which the service cannot be given."""


class ConsentRecords(Protocol):
    def find(self, citizen_id: str, client_id: str) -> StoredConsent | None: ...
    def grant(self, consent: StoredConsent) -> None: ...


@dataclass(frozen=True, slots=True)
class Granted:
    """What may be released to a client."""

    scopes: tuple[str, ...]
    claims: tuple[str, ...]


def leg(client_id: str, granted: Granted) -> bytes:
    """The leg of a session for what a client was granted. It is a note, so that the trail of what is issued from it
    says at which client, and what it reaches."""
    return note(client_id=client_id, scopes=granted.scopes, claims=granted.claims)


def granted_by(leg: bytes) -> Granted:
    """What a leg grants."""
    return decode(leg, Granted)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is kept of an agreement."""

    granted: Granted
    declined: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What to put before the citizen: names of scopes and claims, each in one of three groups."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    sensitive: tuple[str, ...]
    """Of these, the ones that are required too stand in `required_sensitive`."""
    required_sensitive: tuple[str, ...]


def ask_digest(ask: Ask, party: RelyingParty) -> str:
    """Names what is asked, for a leg: the same request of an unchanged client has the same name, in whatever order."""
    parts = (*(sorted(set(names)) for names in (ask.scopes, ask.claims, ask.essential_claims)), notice_digest(party))
    return hashlib.sha256(encode(parts)).hexdigest()[:32]


def leg_name(ask: Ask, party: RelyingParty) -> str:
    """The field of a session for what is asked. Where the relying party knows the citizen by a name of some format, the
    format stands in it, so that logout can name him as sign-in did."""
    asked = ask_digest(ask, party)
    return leg_field(ask.client_id, f"{ask.name_format}.{asked}" if ask.name_format else asked)


def notice_digest(party: RelyingParty) -> str:
    """Names the notice the citizen was shown."""
    notice = (party.name, party.purpose, party.retention, party.lawful_basis, party.lawful_basis_rule)
    return hashlib.sha256(encode(notice)).hexdigest()


def question(ask: Ask, party: RelyingParty) -> Question:
    """Sort what is asked. Scopes are required unless registered as optional; single claims only where the request says
    essential."""
    required_names = {scope for scope in ask.scopes if scope not in party.optional} | set(ask.essential_claims)
    names = (*ask.scopes, *(claim for claim in ask.claims if claim not in ask.scopes))
    return Question(
        required=tuple(name for name in names if name in required_names and name not in SENSITIVE),
        optional=tuple(name for name in names if name not in required_names and name not in SENSITIVE),
        sensitive=tuple(name for name in names if name in SENSITIVE),
        required_sensitive=tuple(name for name in names if name in SENSITIVE and name in required_names),
    )


class Consents:
    def __init__(self, records: ConsentRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def remembered(self, citizen_id: str, ask: Ask, party: RelyingParty) -> Granted | None:
        """What an earlier agreement grants of this request, if it covers it."""
        stored = self._records.find(citizen_id, party.id)
        if stored is None or stored.notice_digest != notice_digest(party):
            return None
        decision = decode(stored.document, Decision)
        decided = {*decision.granted.scopes, *decision.granted.claims, *decision.declined}
        if not decided >= {*ask.scopes, *ask.claims}:
            return None
        declined = set(question(ask, party).required + question(ask, party).required_sensitive) & set(decision.declined)
        return None if declined else _within(ask, {*decision.granted.scopes, *decision.granted.claims})

    def present(self, citizen_id: str, client_id: str) -> Granted:
        """All that is agreed to with a client now, whatever it asks."""
        stored = self._records.find(citizen_id, client_id)
        return decode(stored.document, Decision).granted if stored else Granted((), ())

    def agree(self, citizen_id: str, ask: Ask, party: RelyingParty, ticked: frozenset[str]) -> Granted:
        """Record that the citizen agreed, with these boxes ticked. Raises `MissingRequired`."""
        asked = question(ask, party)
        if party.lawful_basis == CONSENT and not ticked.issuperset(asked.required_sensitive):
            raise MissingRequired
        granted = {*asked.required, *(ticked & {*asked.optional, *asked.sensitive})}
        if party.lawful_basis == STATUTORY_DUTY:
            granted |= {*asked.required_sensitive}
        before = self._records.find(citizen_id, party.id)
        decision = _merge(before, party, _within(ask, granted), declined={*ask.scopes, *ask.claims} - granted)
        self._records.grant(
            StoredConsent(
                citizen_id=citizen_id,
                client_id=party.id,
                document=encode(decision),
                basis=party.lawful_basis,
                rule=party.lawful_basis_rule,
                notice_digest=notice_digest(party),
                granted_at=int(self._clock.now()),
            )
        )
        return _within(ask, granted)


def both(granted: Granted, other: Granted) -> Granted:
    """What is in both, in the order of the first."""
    return Granted(
        scopes=tuple(scope for scope in granted.scopes if scope in other.scopes),
        claims=tuple(claim for claim in granted.claims if claim in other.claims),
    )


def _within(ask: Ask, granted: set[str]) -> Granted:
    return Granted(
        scopes=tuple(scope for scope in ask.scopes if scope in granted),
        claims=tuple(claim for claim in ask.claims if claim in granted),
    )


def _merge(before: StoredConsent | None, party: RelyingParty, now: Granted, declined: set[str]) -> Decision:
    """Add to what was decided under the same notice, so that two pages of one client do not unlearn each other's
    answer."""
    scopes, claims = set(now.scopes), set(now.claims)
    if before is not None and before.notice_digest == notice_digest(party):
        earlier = decode(before.document, Decision)
        scopes |= set(earlier.granted.scopes) - declined
        claims |= set(earlier.granted.claims) - declined
        declined = declined | (set(earlier.declined) - scopes - claims)
    return Decision(Granted(tuple(sorted(scopes)), tuple(sorted(claims))), tuple(sorted(declined)))
