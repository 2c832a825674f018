"""A connection's token is replaced without a moment in which none is good."""

from datetime import timedelta

from flask import Flask

from bridge.access.grant import grant_token, tokens_of, withdraw_token
from bridge.errors import Conflict
from tests.database.opened import CAUSE, NOW
from tests.scim_http.speaking import USER, Speaker


def test_both_tokens_are_good_until_the_old_one_is_revoked(app: Flask, idp: Speaker):
    parts = app.extensions["bridge"]
    with parts.database.write(idp.tenant_id) as session:
        made = grant_token(
            session, idp.connection_id, seal=parts.seal, lifetime=timedelta(days=3650), cause=CAUSE, now=NOW
        )
    successor = Speaker(app, idp.tenant_id, idp.connection_id, made.secret)
    ids = {}
    for name, speaker in {"ada": idp, "grace": successor, "hedy": idp}.items():
        ids[name] = speaker.create(userName=f"{name}@lindqvist.example")
    for each in ids.values():
        assert idp.get(f"/Users/{each}").json == successor.get(f"/Users/{each}").json
    with parts.database.write(idp.tenant_id) as session:
        try:
            grant_token(session, idp.connection_id, seal=parts.seal, lifetime=None, cause=CAUSE, now=NOW)
        except Conflict as third:
            assert "revoke the one no longer in use" in third.detail  # noqa: PT017 (the session stays open)
        rows = {row.id: row for row in tokens_of(session, idp.connection_id)}
        assert all(row.last_used_at is not None for row in rows.values())
        [old] = rows.keys() - {made.id}
        withdraw_token(session, idp.connection_id, old, cause=CAUSE, now=NOW)
    assert idp.get("/Users").status_code == 401
    assert successor.ask("POST", "/Users", {"schemas": [USER], "userName": "joan@lindqvist.example"}).json[
        "id"
    ]
