"""The tables of the embedded store, and how its file is set up."""

import sqlite3
from typing import Final

_SETTINGS: Final = (
    "PRAGMA page_size=2048",  # before the file is made; a commit writes whole pages, and ours are of small rows
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=OFF",
    "PRAGMA cache_size=-16384",
    "PRAGMA temp_store=MEMORY",
)

# An entry is standing while it has a value and no attempt, taken once it has an attempt, buried when it has neither.
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, value BLOB, expires REAL NOT NULL,
    under TEXT, note BLOB, fields BLOB, attempt TEXT, marker BLOB, proof BLOB
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires);
CREATE TABLE IF NOT EXISTS sessions (
    key TEXT PRIMARY KEY, fields BLOB NOT NULL, note BLOB NOT NULL, expires REAL NOT NULL,
    owner TEXT NOT NULL, listed REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires);
CREATE INDEX IF NOT EXISTS sessions_by_owner ON sessions (owner);
CREATE TABLE IF NOT EXISTS versions (topic TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, owner TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT, shard TEXT NOT NULL, event BLOB NOT NULL, note BLOB NOT NULL
);
"""


def set_up(connection: sqlite3.Connection, now: float) -> None:
    """Make what is not there yet."""
    for setting in _SETTINGS:
        connection.execute(setting)
    connection.execute("BEGIN IMMEDIATE")
    for statement in filter(str.strip, _TABLES.split(";")):
        connection.execute(statement)
    if "proof" not in {column[1] for column in connection.execute("PRAGMA table_info(entries)")}:
        connection.execute("ALTER TABLE entries ADD COLUMN proof BLOB")  # a file of before November 2026
    # Positions start at the present microsecond: they stay unique even when the file was lost and made anew.
    connection.execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox', ?"
        " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'outbox')",
        (int(now * 1_000_000),),
    )
    connection.execute("COMMIT")
