"""SAML service providers: what operators set of them, what their metadata says, and where that comes from."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_providers",
        sa.Column("party_id", sa.String(length=64), nullable=False),
        sa.Column("entity_id", sa.String(length=1024), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party_id", name="pk_service_providers"),
    )
    op.create_table(
        "metadata_sources",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.LargeBinary(), nullable=False),
        sa.Column("valid_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name="pk_metadata_sources"),
    )
    op.create_table(
        "entities",
        sa.Column("party_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("entity_id", sa.String(length=1024), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("valid_until", sa.BigInteger()),
        sa.Column("checked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("party_id", "source", name="pk_entities"),
    )
    op.create_index("ix_entities_source", "entities", ["source"])
