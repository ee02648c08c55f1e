"""No table grows without end: each is bounded by what there is in the country, or emptied by age."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table, func, select

from idp.config import Settings, load_settings
from idp.running.purging import BATCH, KEEP_FAMILIES_SECONDS, Purging
from idp.storage.embedded import EmbeddedState
from idp.storage.records.audit import AuditEvent
from idp.storage.records.consents import StoredConsent
from idp.storage.records.families import Family
from idp.storage.records.logouts import Duty
from idp.storage.records.records import Records
from idp.storage.records.schema import metadata
from idp.storage.state import StateStore
from tests.support.clock import FrozenClock

DAY = 86_400
EMPTIED = {"audit_events", "consents", "refresh_families", "refresh_tokens", "logouts"}
BOUNDED = {
    "citizens": "one a citizen",
    "citizen_identifiers": "what a citizen is found by, with the history of numbers, which counters change",
    "passwords": "one a citizen",
    "former_passwords": "a few a citizen",
    "totp_secrets": "one a citizen",
    "recovery_codes": "ten a citizen",
    "citizen_codes": "one a citizen",
    "clients": "one a client",
    "client_origins": "some a client",
    "resource_servers": "one a resource server",
    "service_providers": "one a service provider that an operator knows",
    "entities": "one a service provider and source; what a source says no more is removed",
    "metadata_sources": "one a source that an operator named",
    "signing_keys": "some an algorithm; retired ones are removed",
    "secrets": "one a purpose",
    "imports": "one a file that an operator brings",
}


@pytest.fixture
def state(tmp_path: Path, clock: FrozenClock) -> Iterator[StateStore]:
    store = EmbeddedState(str(tmp_path / "state.db"), clock)
    yield store
    store.close()


@pytest.fixture
def settings() -> Settings:
    return load_settings({"IDP_ISSUER": "http://localhost", "IDP_AUDIT_DAYS": "200"})


@pytest.fixture
def purging(state: StateStore, records: Records, clock: FrozenClock, settings: Settings) -> Purging:
    return Purging(state, records, clock, settings)


def rows(records: Records, name: str) -> int:
    row = records.database.one(select(func.count()).select_from(metadata.tables[name]), {})
    assert row is not None
    return int(row[0])


def fill(records: Records, now: int, count: int) -> None:
    """So many of everything that citizens and portals make by what they do."""
    for number in range(count):
        consent = StoredConsent("ada", "portal", b"{}", "consent", "", "d" * 64, now)
        records.consents.grant(dataclasses.replace(consent, citizen_id=f"citizen {number}"))
        records.consents.withdraw(f"citizen {number}", "portal", now)
        family = Family(f"{now} {number}", "ada", "portal", b"{}", now, now + DAY)
        records.families.create(family, f"first {now} {number}")
        records.families.rotate(family.id, f"first {now} {number}", f"next {now} {number}", now, 0, idle=DAY)
    duties = [Duty(f"{now} {number}", "portal", "ada", "lineage", "signed_out", now) for number in range(count)]
    records.logouts.owe([(duty, now) for duty in duties])
    records.audit.append(
        [AuditEvent("0", f"{now} {number}", now, "login:success", None, None, None, "{}") for number in range(count)]
    )


def test_every_table_is_emptied_by_age_or_bounded_by_what_there_is() -> None:
    tables: dict[str, Table] = dict(metadata.tables)
    assert EMPTIED | BOUNDED.keys() == tables.keys()
    assert not EMPTIED & BOUNDED.keys()


def test_what_is_old_goes_and_what_is_young_stays(records: Records, clock: FrozenClock, purging: Purging) -> None:
    fill(records, int(clock.now()), BATCH + 1)
    clock.advance(200 * DAY + 1)
    fill(records, int(clock.now()), 2)
    purging.records()
    assert {name: rows(records, name) for name in EMPTIED} == {
        "audit_events": 2,
        "consents": 2,
        "refresh_families": 2,
        "refresh_tokens": 4,
        "logouts": 2,
    }


def test_what_is_kept_is_kept_to_the_last_day(records: Records, clock: FrozenClock, purging: Purging) -> None:
    fill(records, int(clock.now()), 3)
    clock.advance(200 * DAY)
    purging.records()
    assert (rows(records, "audit_events"), rows(records, "consents")) == (3, 3)


def test_an_agreement_that_stands_is_never_too_old(records: Records, clock: FrozenClock, purging: Purging) -> None:
    standing = StoredConsent("ada", "portal", b"{}", "consent", "", "d" * 64, int(clock.now()))
    records.consents.grant(standing)
    clock.advance(10_000 * DAY)
    purging.records()
    assert records.consents.find("ada", "portal") == standing


def test_an_ended_family_is_known_for_a_while(records: Records, clock: FrozenClock, purging: Purging) -> None:
    fill(records, int(clock.now()), 1)
    clock.advance(DAY + KEEP_FAMILIES_SECONDS - 1)
    purging.records()
    assert rows(records, "refresh_families") == 1
    clock.advance(2)
    purging.records()
    assert rows(records, "refresh_families") == 0
