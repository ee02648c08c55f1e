"""The tables: what the migrations make is what the code expects, however often and by how many it is made."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.records import open_records
from idp.storage.records.schema import HEAD, metadata
from idp.storage.records.upgrade import is_current, migrations, upgrade
from tests.support.parallel import errors, together
from tests.support.postgres_service import PostgresServer


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'deep' / 'down' / 'records.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database()
    yield url
    server.drop_database(url)


def test_migrations_make_the_tables_of_the_schema(records_url: str) -> None:
    engine = create_engine(records_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_schema_names_the_last_migration() -> None:
    assert ScriptDirectory.from_config(migrations()).get_current_head() == HEAD


def test_an_upgrade_is_made_once_by_whoever_comes_first(empty_url: str) -> None:
    assert not is_current(empty_url)
    assert errors(together([lambda: upgrade(empty_url)] * 4)) == []
    assert is_current(empty_url)


def test_an_embedded_database_makes_and_upgrades_itself(tmp_path: Path) -> None:
    path = tmp_path / "var" / "records.db"
    outcomes = together([lambda: open_records(f"sqlite:///{path}")] * 4)
    assert errors(outcomes) == []
    for opened in outcomes:
        assert not isinstance(opened, Exception)
        opened.clients.save(str(id(opened)), b"{}", 1)
        opened.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_shared_database_is_upgraded_only_on_demand(postgres_url: str) -> None:
    open_records(postgres_url).close()
    assert not is_current(postgres_url)


def test_a_place_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordsUnavailable):
        open_records(f"sqlite:///{tmp_path / 'file' / 'records.db'}")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    path.write_text("this is not a database, but it is long enough to be looked at as one" * 50)
    with pytest.raises(RecordsUnavailable):
        open_records(f"sqlite:///{path}")
