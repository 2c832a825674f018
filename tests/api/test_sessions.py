"""People who are signed in, over HTTP: who they are, signing out, the end of their access."""

import re
from datetime import timedelta

import pytest
from flask import Response
from werkzeug.test import TestResponse

from bridge.access.grant import grant_api_key
from bridge.access.sessions import NewSession
from bridge.web.cookies import SESSION, forget_who, keep_signed_in
from tests.api.customers import CAUSE, PATCH, SEPTEMBER, Customer, Running, add_customer, signed_in, user

HOUR = timedelta(hours=1)
URL = "https://bridge.example"
ME, LOGOUT = "/session/me", "/logout"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

on_sqlite = pytest.mark.parametrize("running", ["sqlite"], indirect=True)


@pytest.fixture
def company(running: Running) -> Customer:
    """A customer of each test's own: they count sessions."""
    running.set_clock(SEPTEMBER)
    customer = add_customer(running, "Birchwood")
    connections = running.api(customer, "GET", "/connections").json["items"]
    customer.ids["connection"] = connections[0]["id"]
    return customer


def hired(running: Running, company: Customer, name: str) -> str:
    answer = running.scim(company, "POST", "/Users", user(name))
    assert answer.status_code == 201
    person_id: str = answer.json["id"]
    return person_id


def personal_key(running: Running, company: Customer, person_id: str, *scopes: str) -> str:
    body = {"scopes": list(scopes) or ["read"], "person_id": person_id}
    answer = running.api(company, "POST", "/api-keys", body)
    assert answer.status_code == 201
    secret: str = answer.json["secret"]
    return secret


def browse(running: Running, method: str, path: str, cookie: str | None, **sent: object) -> TestResponse:
    headers = {**sent.pop("headers", {})} | ({} if cookie is None else {"Cookie": f"{SESSION}={cookie}"})
    client = running.app.test_client(use_cookies=False)  # it would send its own in the place of ours
    return client.open(path, method=method, headers=headers, base_url=URL, **sent)


def me(running: Running, cookie: str | None) -> TestResponse:
    return browse(running, "GET", ME, cookie)


def token_on_the_page(running: Running, opened: NewSession) -> str:
    page = browse(running, "GET", LOGOUT, opened.cookie)
    assert page.status_code == 200
    found = re.search(r'name="token" value="([0-9a-f]{64})"', page.get_data(as_text=True))
    assert found
    return found.group(1)


def is_signed_in(running: Running, opened: NewSession) -> bool:
    return me(running, opened.cookie).status_code == 200


def test_a_person_is_told_who_they_are_by_cookie_or_key(running: Running, company: Customer):
    ada = hired(running, company, "ada")
    opened = signed_in(running, company, ada)
    by_cookie = me(running, opened.cookie)
    assert by_cookie.status_code == 200
    told = by_cookie.json
    assert told["person"]["id"] == ada
    assert (told["tenant_id"], told["connection_id"]) == (company.tenant_id, company.ids["connection"])
    assert told["signed_in_by"]["kind"] == "session"
    assert told["signed_in_by"]["expires_at"] == "2026-09-01T19:00:00Z"
    assert (told["plan"], told["roles"]) == ("none", [])
    assert by_cookie.headers["Cache-Control"] == "no-store"
    by_key = running.ask("GET", ME, personal_key(running, company, ada))
    assert by_key.json["signed_in_by"]["kind"] == "api_key"
    assert {**by_key.json, "signed_in_by": None} == {**told, "signed_in_by": None}


def test_nobody_is_signed_in_without_a_session_or_a_key_of_their_own(running: Running, company: Customer):
    for answer in (me(running, None), me(running, "nonsense"), running.ask("GET", ME, company.key),
                   running.ask("GET", ME, company.token)):  # fmt: skip
        assert answer.status_code == 401
        assert answer.content_type == "application/problem+json"
        assert "WWW-Authenticate" in answer.headers


def test_a_bad_key_is_refused_though_the_browser_adds_a_good_cookie(running: Running, company: Customer):
    opened = signed_in(running, company, hired(running, company, "ada"))
    answer = browse(running, "GET", ME, opened.cookie, headers={"Authorization": f"Bearer {company.key}"})
    assert answer.status_code == 401


def deactivation() -> dict[str, object]:
    return {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]}


def bulk_of(*operations: dict[str, object]) -> dict[str, object]:
    return {"schemas": [BULK], "Operations": list(operations)}


ENDINGS = {
    "PATCH": lambda id_: ("PATCH", f"/Users/{id_}", deactivation()),
    "PUT": lambda id_: ("PUT", f"/Users/{id_}", {**user("ada"), "active": False}),
    "DELETE": lambda id_: ("DELETE", f"/Users/{id_}", None),
    "Bulk PATCH": lambda id_: (
        "POST", "/Bulk", bulk_of({"method": "PATCH", "path": f"/Users/{id_}", "data": deactivation()}),
    ),
    "Bulk DELETE": lambda id_: ("POST", "/Bulk", bulk_of({"method": "DELETE", "path": f"/Users/{id_}"})),
}  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_first_request_after_the_answer_to_scim_is_refused(
    running: Running, company: Customer, ending: str
):
    """No worker runs in these tests, and no broker is there."""
    ada, grace = hired(running, company, "ada"), hired(running, company, "grace")
    opened, key = signed_in(running, company, ada), personal_key(running, company, ada, "read")
    other = signed_in(running, company, grace)
    assert is_signed_in(running, opened)
    assert running.ask("GET", "/api/v1/tenant", key).status_code == 200
    answer = running.scim(company, *ENDINGS[ending](ada))
    assert answer.status_code in (200, 204)
    assert me(running, opened.cookie).status_code == 401
    assert running.ask("GET", ME, key).status_code == 401
    assert running.ask("GET", "/api/v1/tenant", key).status_code == 401
    assert is_signed_in(running, other)


def test_a_returner_is_not_signed_in_again(running: Running, company: Customer):
    ada = hired(running, company, "ada")
    opened, key = signed_in(running, company, ada), personal_key(running, company, ada)
    running.scim(company, "PATCH", f"/Users/{ada}", deactivation())
    back = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": True}]}
    assert running.scim(company, "PATCH", f"/Users/{ada}", back).json["active"] is True
    assert me(running, opened.cookie).status_code == 401
    assert running.ask("GET", ME, key).status_code == 401


def test_of_joined_accounts_each_keeps_its_own_sessions(running: Running, company: Customer):
    daily, privileged = hired(running, company, "ada"), hired(running, company, "ada-admin")
    joined = running.api(company, "POST", f"/people/{daily}/accounts",
                         {"account_id": privileged, "reason": "one human"})  # fmt: skip
    assert joined.status_code in (200, 201, 204), joined.get_data(as_text=True)
    by_daily, by_privileged = (signed_in(running, company, each) for each in (daily, privileged))
    running.scim(company, "PATCH", f"/Users/{privileged}", deactivation())
    assert not is_signed_in(running, by_privileged)
    assert is_signed_in(running, by_daily)
    back = signed_in(running, company, daily)
    running.scim(company, "PATCH", f"/Users/{daily}", deactivation())
    assert not is_signed_in(running, by_daily)
    assert not is_signed_in(running, back)


def test_a_person_signs_out_by_the_page_and_the_browser_forgets(running: Running, company: Customer):
    ada = hired(running, company, "ada")
    opened, elsewhere = signed_in(running, company, ada), signed_in(running, company, ada)
    token = token_on_the_page(running, opened)
    answer = browse(running, "POST", LOGOUT, opened.cookie, data={"token": token},
                    headers={"Sec-Fetch-Site": "same-origin"})  # fmt: skip
    assert (answer.status_code, answer.headers["Location"]) == (303, "/logout")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{SESSION}=;")
    for part in ("Max-Age=0", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert not is_signed_in(running, opened)
    assert is_signed_in(running, elsewhere)
    assert "signed out" in browse(running, "GET", LOGOUT, None).get_data(as_text=True)
    again = browse(running, "POST", LOGOUT, opened.cookie, data={"token": token})
    assert again.status_code == 303


def test_no_other_site_signs_a_person_out(running: Running, company: Customer):
    ada, grace = hired(running, company, "ada"), hired(running, company, "grace")
    opened, other = signed_in(running, company, ada), signed_in(running, company, grace)
    good, foreign = token_on_the_page(running, opened), token_on_the_page(running, other)
    tries = [({}, {}), ({"token": ""}, {}), ({"token": foreign}, {}), ({"token": "é" * 64}, {}),
             ({"token": good[:-1]}, {})]  # fmt: skip
    tries += [({"token": good}, {"Sec-Fetch-Site": site}) for site in ("cross-site", "same-site")]
    for form, headers in tries:
        answer = browse(running, "POST", LOGOUT, opened.cookie, data=form, headers=headers)
        assert answer.status_code == 403
        assert "open" in answer.get_data(as_text=True)
    assert browse(running, "GET", LOGOUT, opened.cookie, query_string={"token": good}).status_code == 200
    assert is_signed_in(running, opened)


@on_sqlite
def test_signing_out_leads_to_no_address_that_a_request_names(running: Running, company: Customer):
    opened = signed_in(running, company, hired(running, company, "ada"))
    form = {"token": token_on_the_page(running, opened), "next": "https://evil.example", "to": "//evil"}
    named = "?next=https://evil.example&post_logout_redirect_uri=https://evil.example"
    answer = browse(running, "POST", LOGOUT + named, opened.cookie, data=form)
    assert answer.headers["Location"] == "/logout"
    assert browse(running, "POST", LOGOUT + named, None).headers["Location"] == "/logout"


@on_sqlite
def test_a_form_that_is_too_large_is_not_read(running: Running, company: Customer):
    opened = signed_in(running, company, hired(running, company, "ada"))
    answer = browse(running, "POST", LOGOUT, opened.cookie, data={"token": "x" * 5000})
    assert answer.status_code == 413
    assert is_signed_in(running, opened)


@on_sqlite
def test_pages_hold_no_script_and_are_framed_by_nobody(running: Running):
    page = browse(running, "GET", LOGOUT, None)
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert (page.headers["X-Content-Type-Options"], page.headers["Referrer-Policy"]) == (
        "nosniff",
        "no-referrer",
    )


@on_sqlite
def test_the_cookie_is_kept_as_browsers_ask_of_its_name(running: Running, company: Customer):
    opened = signed_in(running, company, hired(running, company, "ada"))
    response = Response()
    keep_signed_in(response, opened)
    name, *attributes = response.headers["Set-Cookie"].split("; ")
    assert name == f"__Host-bridge_session={opened.cookie}"
    assert set(attributes) == {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}
    gone = Response()
    forget_who(gone)
    assert "Max-Age=0" in gone.headers["Set-Cookie"]


def test_a_product_asks_who_shows_a_session_or_a_key(running: Running, company: Customer):
    ada = hired(running, company, "ada")
    opened, key = signed_in(running, company, ada), personal_key(running, company, ada)

    def asked(token: str) -> dict[str, object]:
        answer = running.api(company, "POST", "/sessions/introspect", {"token": token})
        assert answer.status_code == 200
        told: dict[str, object] = answer.json
        return told

    seconds = int(SEPTEMBER.timestamp())
    assert asked(opened.cookie) == {
        "active": True, "sub": ada, "token_type": "session", "sid": opened.id,
        "connection_id": company.ids["connection"], "iat": seconds, "exp": seconds + 12 * 3600,
    }  # fmt: skip
    assert asked(key) == {"active": True, "sub": ada, "token_type": "api_key", "scope": "read"}
    for other in (company.key, company.token, "nonsense", opened.cookie[:-1], f"{opened.cookie}x"):
        assert asked(other) == {"active": False}
    stranger = add_customer(running, "Okonkwo")
    for token in (opened.cookie, key):
        answer = running.api(stranger, "POST", "/sessions/introspect", {"token": token})
        assert answer.json == {"active": False}
    running.scim(company, "PATCH", f"/Users/{ada}", deactivation())
    assert (asked(opened.cookie), asked(key)) == ({"active": False}, {"active": False})


def test_an_administrator_lists_and_ends_sessions(running: Running, company: Customer):
    ada = hired(running, company, "ada")
    first, second, third = (signed_in(running, company, ada) for _ in range(3))
    path = f"/people/{ada}/sessions"
    assert running.api(company, "DELETE", f"/sessions/{first.id}").status_code == 204
    listed = running.api(company, "GET", path).json["items"]
    assert {each["id"]: each["is_open"] for each in listed} == {
        first.id: False, second.id: True, third.id: True,
    }  # fmt: skip
    assert not is_signed_in(running, first)
    assert is_signed_in(running, second)
    assert running.api(company, "DELETE", path).status_code == 204
    assert not any(is_signed_in(running, each) for each in (second, third))
    assert running.api(company, "DELETE", "/people/nobody/sessions").status_code == 404
    assert running.api(company, "DELETE", "/sessions/none").status_code == 404


def test_a_session_that_rested_too_long_is_shown_as_closed(running: Running, company: Customer):
    ada = hired(running, company, "ada")
    opened = signed_in(running, company, ada)
    running.set_clock(SEPTEMBER + HOUR)
    [listed] = running.api(company, "GET", f"/people/{ada}/sessions").json["items"]
    assert (listed["is_open"], listed["ended_at"]) == (False, None)
    assert not is_signed_in(running, opened)


def test_sessions_need_scopes_of_their_own(running: Running, company: Customer):
    ada = hired(running, company, "ada")
    with running.database.write(company.tenant_id) as session:
        key = grant_api_key(session, scopes=["read"], seal=running.parts.seal, lifetime=None, cause=CAUSE,
                            now=SEPTEMBER).secret  # fmt: skip
    for method, path in (("GET", f"/people/{ada}/sessions"), ("DELETE", f"/people/{ada}/sessions"),
                         ("DELETE", "/sessions/x"), ("POST", "/sessions/introspect")):  # fmt: skip
        answer = running.ask(method, f"/api/v1{path}", key, {"token": "x"} if method == "POST" else None)
        assert answer.status_code == 403


def test_what_is_secret_of_a_session_is_in_no_log(
    running: Running, company: Customer, capsys: pytest.CaptureFixture[str]
):
    ada = hired(running, company, "ada")
    opened = signed_in(running, company, ada)
    me(running, opened.cookie)
    browse(running, "POST", LOGOUT, opened.cookie, data={"token": token_on_the_page(running, opened)})
    running.api(company, "POST", "/sessions/introspect", {"token": opened.cookie})
    log = capsys.readouterr().err
    assert ME in log
    assert opened.cookie.partition(".")[2] not in log
    assert "an id token" not in log
