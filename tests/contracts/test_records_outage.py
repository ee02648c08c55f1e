"""When the database is away, callers are told so and nothing else; when it is back, all goes on by itself."""

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.secrets import digest
from idp.storage.records import engines
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.families import Family
from idp.storage.records.records import Records, open_records
from idp.storage.records.upgrade import upgrade
from tests.support.postgres_service import PostgresServer


@pytest.fixture
def postgres_records(postgres_server: PostgresServer, postgres_records_url: str) -> Iterator[Records]:
    records = open_records(postgres_records_url, pool=3)
    records.clients.save("a", b"{}", 1)
    records.families.create(Family("f", "ada", "a", b"{}", 1, 9_000_000_000), digest("0"))
    yield records
    records.close()
    postgres_server.start()


def test_an_outage_is_told_and_survived(postgres_server: PostgresServer, postgres_records: Records) -> None:
    postgres_server.kill()
    for call in (
        lambda: postgres_records.clients.get("a"),
        lambda: postgres_records.clients.save("a", b"{}", 2),
        lambda: postgres_records.families.rotate("f", digest("0"), digest("1"), 2.0, 10),
        postgres_records.ping,
    ):
        with pytest.raises(RecordsUnavailable):
            call()
    postgres_server.start()
    assert postgres_records.clients.get("a") is not None
    postgres_records.clients.save("a", b"{}", 3)


def test_a_restart_between_two_requests_is_not_noticed(
    postgres_server: PostgresServer, postgres_records: Records
) -> None:
    assert postgres_records.clients.get("a") is not None
    postgres_server.kill()
    postgres_server.start()
    assert postgres_records.clients.get("a") is not None
    postgres_records.families.rotate("f", digest("0"), digest("1"), 2.0, 10)


def test_an_upgrade_without_a_database_is_told(postgres_server: PostgresServer) -> None:
    with pytest.raises(RecordsUnavailable):
        upgrade(f"postgresql+psycopg://idp@127.0.0.1:{postgres_server.port}/nowhere")


def test_a_statement_that_takes_too_long_is_ended(postgres_records_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_POSTGRESQL_LIMITS", "-c statement_timeout=50ms")
    records = open_records(postgres_records_url)
    from sqlalchemy import text

    with pytest.raises(RecordsUnavailable):
        records.database.one(text("SELECT pg_sleep(5)"), {})
    records.close()


@pytest.mark.parametrize("limit", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"])
def test_no_statement_and_no_lock_is_waited_for_without_end(postgres_records_url: str, limit: str) -> None:
    from sqlalchemy import text

    records = open_records(postgres_records_url)
    (seconds,) = records.database.one(text(f"SELECT setting::int / 1000 FROM pg_settings WHERE name = '{limit}'"), {})
    records.close()
    assert 0 < seconds <= 30


def test_a_locked_file_is_told(sqlite_records_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_BUSY_MILLISECONDS", 50)
    records = open_records(sqlite_records_url)
    records.clients.save("a", b"{}", 1)
    other = sqlite3.connect(sqlite_records_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsUnavailable):
        records.clients.save("a", b"{}", 2)
    assert records.clients.get("a") is not None  # readers never wait
    other.execute("ROLLBACK")
    other.close()
    records.clients.save("a", b"{}", 3)
    records.close()


def test_a_mistake_of_ours_is_no_outage(records: Records) -> None:
    from sqlalchemy import text

    with pytest.raises(Exception, match="nonsense") as caught:
        records.database.one(text("SELECT nonsense FROM clients"), {})
    assert not isinstance(caught.value, RecordsUnavailable)


def test_errors_do_not_quote_values(records: Records) -> None:
    from sqlalchemy import text

    with pytest.raises(Exception, match="nonsense") as caught:
        records.database.one(text("SELECT nonsense FROM clients WHERE client_id = :name"), {"name": "SECRET-VALUE"})
    assert "SECRET-VALUE" not in str(caught.value)


def test_what_is_committed_survives_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    program = (
        "import os, sys; from idp.storage.records.records import open_records; r = open_records(sys.argv[1]);"
        "r.clients.save('a', b'{}', 1); print('saved', flush=True); os.kill(os.getpid(), 9)"
    )
    import sys

    ended = subprocess.run(
        [sys.executable, "-c", program, f"sqlite:///{path}"], capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.returncode) == ("saved\n", -9)
    records = open_records(f"sqlite:///{path}")
    assert records.clients.get("a") is not None
    records.close()
