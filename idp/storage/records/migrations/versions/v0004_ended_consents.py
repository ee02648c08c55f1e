"""Agreements that have ended are found by when they did, to be removed by age."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_consents_ended_at", "consents", ["ended_at"])
