"""The bare reference: the same server, framework and database with nothing of the bridge in between.

No authentication, no checks, no journal, no log, no facts: what Flask, SQLAlchemy Core, psycopg and granian
cost for reading one row, or for inserting one and committing.
"""

import os
import uuid

import orjson
from flask import Flask, Response, request
from sqlalchemy import Boolean, Column, Index, MetaData, String, Table, create_engine, insert, select
from sqlalchemy.dialects.postgresql import JSONB

POOL = 10
METADATA = MetaData()
PEOPLE = Table(
    "bare_people",
    METADATA,
    Column("id", String, primary_key=True),
    Column("user_name_key", String, nullable=False),
    Column("resource", JSONB, nullable=False),
)
Index("uq_bare_people", PEOPLE.c.user_name_key, unique=True)
CHANGES = Table(
    "bare_changes",
    METADATA,
    Column("id", String, primary_key=True),
    Column("person_id", String, nullable=False),
    Column("active", Boolean, nullable=False),
)


def create_app() -> Flask:
    """Return the application on the database named by ``BENCH_DATABASE``."""
    engine = create_engine(
        os.environ["BENCH_DATABASE"],
        pool_size=POOL,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
    )
    METADATA.create_all(engine)
    app = Flask("bare", static_folder=None)
    by_id, by_name = select(PEOPLE.c.id, PEOPLE.c.resource), select(PEOPLE.c.id, PEOPLE.c.resource)

    @app.get("/scim/v2/Users/<person_id>")
    def show(person_id: str) -> Response:
        with engine.connect() as connection:
            row = connection.execute(by_id.where(PEOPLE.c.id == person_id)).one()
        return answer({**row.resource, "id": row.id})

    @app.get("/scim/v2/Users")
    def find() -> Response:
        name = request.args["filter"].removeprefix('userName eq "').removesuffix('"').lower()
        with engine.connect() as connection:
            rows = connection.execute(by_name.where(PEOPLE.c.user_name_key == name)).all()
        found = [{**row.resource, "id": row.id} for row in rows]
        return answer({"totalResults": len(found), "Resources": found})

    @app.post("/scim/v2/Users")
    def create() -> Response:
        resource = orjson.loads(request.get_data())
        row = {"id": str(uuid.uuid4()), "user_name_key": resource["userName"].lower(), "resource": resource}
        with engine.begin() as connection:
            connection.execute(insert(PEOPLE), row)
        return answer({**resource, "id": row["id"]}, 201)

    @app.patch("/scim/v2/Users/<person_id>")
    def change(person_id: str) -> Response:
        [operation] = orjson.loads(request.get_data())["Operations"]
        row = {"id": str(uuid.uuid4()), "person_id": person_id, "active": operation["value"]}
        with engine.begin() as connection:
            connection.execute(insert(CHANGES), row)
        return answer({"id": person_id, "active": row["active"]})

    return app


def answer(document: object, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, content_type="application/scim+json")
