"""The stores under contract: each test that asks for `records` runs over SQLite and over PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.storage.records.records import Records, open_records
from idp.storage.records.upgrade import upgrade
from idp.vault import MasterKeys, Vault
from tests.support.postgres_service import PostgresServer
from tests.support.randomness import CountingRandomness


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "records.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    url = postgres_server.create_database()
    upgrade(url)
    return url


@pytest.fixture
def sqlite_records_url(sqlite_template: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'records.db')}"


@pytest.fixture
def postgres_records_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    url = postgres_server.create_database(postgres_template)
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgres"])
def records_url(request: pytest.FixtureRequest) -> str:
    """A database with our tables and nothing in them."""
    url: str = request.getfixturevalue(f"{request.param}_records_url")
    return url


@pytest.fixture
def records(records_url: str) -> Iterator[Records]:
    opened = open_records(records_url)
    yield opened
    opened.close()


@pytest.fixture
def vault(randomness: CountingRandomness) -> Vault:
    return Vault(MasterKeys.parse(MasterKeys.generate(randomness, 0)), randomness)
