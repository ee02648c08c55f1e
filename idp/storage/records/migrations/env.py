"""Run by Alembic for each upgrade, on the connection and in the transaction of `idp.storage.records.upgrade`."""

from alembic import context

from idp.storage.records.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
