"""Bringing a database's tables to what this release needs, by the migrations that ship with the package."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from idp.storage.records.database import understood
from idp.storage.records.engines import migrating_engine
from idp.storage.records.schema import HEAD

_LOCK: Final = 0x69647072
"""Number of the PostgreSQL advisory lock that keeps two upgrades apart."""


def upgrade(url: str) -> None:
    """Run what is missing, all or nothing; of parallel callers one does it. Raises `RecordsUnavailable`."""
    engine = migrating_engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name != "sqlite":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            if _revision(connection) != HEAD:
                _run(connection)
    except DBAPIError as error:
        raise understood(error) from error
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """Whether the tables are those of this release. Raises `RecordsUnavailable`."""
    engine = migrating_engine(url)
    try:
        with engine.connect() as connection:
            return _revision(connection) == HEAD
    except DBAPIError as error:
        raise understood(error) from error
    finally:
        engine.dispose()


def migrations() -> Config:
    """Alembic's view of the package's migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _run(connection: Connection) -> None:
    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
