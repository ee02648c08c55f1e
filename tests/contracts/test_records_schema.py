"""The tables: what the migrations make is what the code expects, however often and by how many it is made."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from idp.storage.records.engines import migrating_engine
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


def upgrade_to(url: str, revision: str) -> None:
    engine = migrating_engine(url)
    config = migrations()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


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


def test_public_clients_of_the_first_tables_get_their_origins(empty_url: str) -> None:
    upgrade_to(empty_url, "0001")
    public = {"token_endpoint_auth_method": "none", "redirect_uris": ["https://App.example:443/cb", "http://[::1]:80/"]}
    kept = {
        "public": public,
        "native": public | {"application_type": "native", "redirect_uris": ["com.example.app:/cb"]},
        "server": {"token_endpoint_auth_method": "client_secret_basic", "redirect_uris": ["https://s.example/"]},
    }
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        for client_id, document in kept.items():
            connection.execute(
                text("INSERT INTO clients (client_id, document, enabled, updated_at) VALUES (:id, :document, :yes, 1)"),
                {"id": client_id, "document": json.dumps(document).encode(), "yes": True},
            )
    upgrade(empty_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT client_id, origin FROM client_origins")).all()
    engine.dispose()
    assert sorted(tuple(row) for row in rows) == [("public", "http://[::1]"), ("public", "https://app.example")]
