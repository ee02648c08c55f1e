"""The web origins of public clients, found without reading every client."""

import json
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DEFAULT_PORTS = {"https": 443, "http": 80}


def upgrade() -> None:
    table = op.create_table(
        "client_origins",
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.client_id"], name="fk_client_origins_client_id_clients", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("origin", "client_id", name="pk_client_origins"),
    )
    op.create_index("ix_client_origins_client_id", "client_origins", ["client_id"])
    stored = op.get_bind().execute(sa.text("SELECT client_id, document FROM clients"))
    rows = [
        {"client_id": client_id, "origin": origin}
        for client_id, document in stored
        for origin in sorted(_origins(json.loads(bytes(document))))
    ]
    if rows:
        op.bulk_insert(table, rows)


def _origins(client: dict[str, object]) -> set[str]:
    """Of a client as it was stored when this step was written."""
    if client.get("token_endpoint_auth_method") != "none" or client.get("application_type", "web") != "web":
        return set()
    uris = client["redirect_uris"]
    return {_origin(uri) for uri in uris} if isinstance(uris, list) else set()


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
