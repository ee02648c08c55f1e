"""The logout ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "logouts",
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("citizen_id", sa.String(length=64), nullable=False),
        sa.Column("lineage", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=32)),
        sa.Column("tried_at", sa.BigInteger()),
        sa.Column("next_try", sa.BigInteger()),
        sa.PrimaryKeyConstraint("session", "client_id", name="pk_logouts"),
    )
    op.create_index(
        "ix_logouts_waiting",
        "logouts",
        ["client_id", "next_try"],
        sqlite_where=sa.text("next_try IS NOT NULL"),
        postgresql_where=sa.text("next_try IS NOT NULL"),
    )
    op.create_index("ix_logouts_citizen_id_ended_at", "logouts", ["citizen_id", "ended_at"])
    op.create_index("ix_logouts_ended_at", "logouts", ["ended_at"])
