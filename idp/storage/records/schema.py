"""The tables as they are now. How they came to be stands in `migrations/`; a test compares the two.

Times are whole seconds since 1970, but for those of refresh tokens, whose grace is counted in fractions. Everything
personal or secret is sealed (`idp.vault`) in a column `sealed`; the id of its master key stands beside it in `kid`, so
that re-keying finds what is left to do.

Migrations expand first and contract later: a release adds what its successor needs and removes only what its
predecessor no longer reads, so that workers of two neighbouring releases can run on one database.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

HEAD: Final = "0008"
"""The migration these tables stand for."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Serial = BigInteger().with_variant(Integer, "sqlite")


def _citizen_id() -> Column[str]:
    return Column("citizen_id", String(64), ForeignKey("citizens.id", ondelete="CASCADE"), nullable=False)


clients = Table(
    "clients",
    metadata,
    Column("client_id", String(255), primary_key=True),
    Column("document", LargeBinary, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

client_origins = Table(
    "client_origins",
    metadata,
    Column("origin", String(300), primary_key=True),
    Column("client_id", ForeignKey("clients.client_id", ondelete="CASCADE"), primary_key=True),
    Index("ix_client_origins_client_id", "client_id"),
)
"""The web origins of public clients, by which browsers ask whether a page may read an answer."""

resource_servers = Table(
    "resource_servers",
    metadata,
    Column("resource", String(255), primary_key=True),
    Column("document", LargeBinary, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

service_providers = Table(
    "service_providers",
    metadata,
    Column("party_id", String(64), primary_key=True),
    Column("entity_id", String(1024), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
"""What an operator set of SAML service providers: of those that he brought, and of others if he did."""

metadata_sources = Table(
    "metadata_sources",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("document", LargeBinary, nullable=False),
    Column("status", LargeBinary, nullable=False),
    Column("valid_until", BigInteger),
)
"""Where metadata comes from over the network, and how that went last."""

entities = Table(
    "entities",
    metadata,
    Column("party_id", String(64), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("entity_id", String(1024), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("valid_until", BigInteger),
    Column("checked_at", BigInteger),
    Index("ix_entities_source", "source"),
)
"""What metadata says of each service provider. `source` is empty for what an operator brought as a file; the name in
`metadata_sources` else. There is no foreign key: an entity outlives no source, because both go in one transaction."""

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(128), primary_key=True),
    Column("alg", String(16), nullable=False),
    Column("state", String(8), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("sealed_kid", String(32), nullable=False),
    Column("public_jwk", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("activated_at", BigInteger),
    Column("retired_at", BigInteger),
)
Index(
    "uq_signing_keys_active",
    signing_keys.c.alg,
    unique=True,
    sqlite_where=signing_keys.c.state == "active",
    postgresql_where=signing_keys.c.state == "active",
)
Index(
    "uq_signing_keys_next",
    signing_keys.c.alg,
    unique=True,
    sqlite_where=signing_keys.c.state == "next",
    postgresql_where=signing_keys.c.state == "next",
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("kid", String(32), nullable=False),
)

citizens = Table(
    "citizens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("kid", String(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

citizen_identifiers = Table(
    "citizen_identifiers",
    metadata,
    Column("id", _Serial, primary_key=True),
    _citizen_id(),
    Column("kind", String(8), nullable=False),
    Column("fingerprint", String(97), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("kid", String(32), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    sqlite_autoincrement=True,
)
Index(
    "uq_citizen_identifiers_current",
    citizen_identifiers.c.kind,
    citizen_identifiers.c.fingerprint,
    unique=True,
    sqlite_where=citizen_identifiers.c.until.is_(None),
    postgresql_where=citizen_identifiers.c.until.is_(None),
)
Index("ix_citizen_identifiers_citizen_id", citizen_identifiers.c.citizen_id)

passwords = Table(
    "passwords",
    metadata,
    Column("citizen_id", String(64), ForeignKey("citizens.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
    Column("must_change", Boolean, nullable=False),
)

former_passwords = Table(
    "former_passwords",
    metadata,
    Column("id", _Serial, primary_key=True),
    _citizen_id(),
    Column("hash", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_former_passwords_citizen_id", former_passwords.c.citizen_id)

totp_secrets = Table(
    "totp_secrets",
    metadata,
    Column("citizen_id", String(64), ForeignKey("citizens.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("kid", String(32), nullable=False),
    Column("enrolled_at", BigInteger, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("citizen_id", String(64), ForeignKey("citizens.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("used_at", BigInteger),
)

citizen_codes = Table(
    "citizen_codes",
    metadata,
    Column("citizen_id", String(64), ForeignKey("citizens.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", String(64), nullable=False),
)

# Consents and families of refresh tokens are evidence of what was passed to whom: they outlive their client, so no
# foreign key.

consents = Table(
    "consents",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("citizen_id", String(64), nullable=False),
    Column("client_id", String(255), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("basis", String(32), nullable=False),
    Column("rule", Text, nullable=False),
    Column("notice_digest", String(64), nullable=False),
    Column("granted_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", String(16)),
    sqlite_autoincrement=True,
)
Index(
    "uq_consents_current",
    consents.c.citizen_id,
    consents.c.client_id,
    unique=True,
    sqlite_where=consents.c.ended_at.is_(None),
    postgresql_where=consents.c.ended_at.is_(None),
)
Index("ix_consents_citizen_id", consents.c.citizen_id)
Index("ix_consents_ended_at", consents.c.ended_at)

refresh_families = Table(
    "refresh_families",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("citizen_id", String(64), nullable=False),
    Column("client_id", String(255), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("reason", String(32)),
)
Index("ix_refresh_families_citizen_id_client_id", refresh_families.c.citizen_id, refresh_families.c.client_id)
Index("ix_refresh_families_expires_at", refresh_families.c.expires_at)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("family_id", String(128), ForeignKey("refresh_families.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("issued_at", Double, nullable=False),
    Column("used_at", Double),
)
Index(
    "ix_refresh_tokens_used_at",
    refresh_tokens.c.used_at,
    sqlite_where=refresh_tokens.c.used_at.is_not(None),
    postgresql_where=refresh_tokens.c.used_at.is_not(None),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("seq", _Serial, primary_key=True),
    Column("shard", String(8), nullable=False),
    Column("position", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event", String(64), nullable=False),
    Column("citizen_id", String(64)),
    Column("client_id", String(255)),
    Column("reference", String(64)),
    Column("document", Text, nullable=False),
    UniqueConstraint("shard", "position"),
    sqlite_autoincrement=True,
)
Index("ix_audit_events_citizen_id_seq", audit_events.c.citizen_id, audit_events.c.seq)
Index("ix_audit_events_client_id_seq", audit_events.c.client_id, audit_events.c.seq)
Index("ix_audit_events_event_seq", audit_events.c.event, audit_events.c.seq)
Index("ix_audit_events_reference", audit_events.c.reference)
Index("ix_audit_events_at", audit_events.c.at)

logouts = Table(
    "logouts",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("client_id", String(255), primary_key=True),
    Column("citizen_id", String(64), nullable=False),
    Column("lineage", String(64), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", String(32)),
    Column("tried_at", BigInteger),
    Column("next_try", BigInteger),
    Column("detail", String(16), nullable=False, server_default=text("''")),
)
Index(
    "ix_logouts_waiting",
    logouts.c.client_id,
    logouts.c.next_try,
    sqlite_where=logouts.c.next_try.is_not(None),
    postgresql_where=logouts.c.next_try.is_not(None),
)
Index("ix_logouts_citizen_id_ended_at", logouts.c.citizen_id, logouts.c.ended_at)
Index("ix_logouts_ended_at", logouts.c.ended_at)

imports = Table(
    "imports",
    metadata,
    Column("source", String(97), primary_key=True),
    Column("line", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("report_size", BigInteger, nullable=False),
    Column("finished", Boolean, nullable=False),
)
