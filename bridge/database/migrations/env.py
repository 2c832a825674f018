"""How Alembic reaches the database: through the connection that ``migrate.upgrade`` opened."""

from alembic import context

from bridge.database.rows import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=False,
    transactional_ddl=True,
)
context.run_migrations()
