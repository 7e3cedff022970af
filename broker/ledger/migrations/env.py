"""Alembic's entry: runs the migrations on the engine that the caller put into the configuration.

All that are missing run in one transaction, which SQLite and PostgreSQL both allow for tables: a process that
dies on the way leaves the ledger as it was, and a second one that starts meanwhile waits and finds nothing to do.
"""

from alembic import context

from broker.ledger.schema import metadata

with context.config.attributes["engine"].begin() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()
