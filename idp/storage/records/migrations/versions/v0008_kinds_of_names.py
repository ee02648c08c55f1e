"""What a front door needs besides to tell a relying party that a session ended."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("logouts", sa.Column("detail", sa.String(length=16), nullable=False, server_default=sa.text("''")))
