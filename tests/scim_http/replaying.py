"""An administrator's key and words by which failed requests are sent again."""

from werkzeug.test import TestResponse

from bridge.access.grant import grant_api_key
from bridge.provisioning.tables import RequestRecord
from tests.database.opened import CAUSE, NOW
from tests.scim_http.speaking import Speaker


def key_of(idp: Speaker, *scopes: str) -> str:
    parts = idp.app.extensions["bridge"]
    with parts.database.write(idp.tenant_id) as session:
        made = grant_api_key(session, scopes=scopes, seal=parts.seal, lifetime=None, cause=CAUSE, now=NOW)
    return made.secret


def replay(idp: Speaker, request_id: str, key: str | None = None, body: object = None) -> TestResponse:
    key = key or key_of(idp, "log:replay")
    headers = {"Authorization": f"Bearer {key}"}
    return idp.app.test_client().post(f"/api/v1/requests/{request_id}/replay", headers=headers, json=body)


def kept(idp: Speaker, answer: TestResponse) -> str:
    idp.app.extensions["bridge"].request_log.flush()
    return answer.headers["X-Request-Id"]


def record_of(idp: Speaker, request_id: str) -> RequestRecord:
    idp.app.extensions["bridge"].request_log.flush()
    [row] = idp.rows(RequestRecord, RequestRecord.id == request_id)
    return row
