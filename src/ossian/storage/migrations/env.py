"""Alembic's entry: runs migrations on the connection that it is given, inside its transaction."""

from alembic import context

from ossian.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # true of SQLite too, since our connections begin transactions themselves
)
context.run_migrations()
