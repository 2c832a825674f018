import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

import bridge.web.admin
from bridge.access.visits import VISITORS
from bridge.cli import commands
from bridge.directory.tables import Person
from bridge.journal.tables import JournalEntry
from bridge.seats.tables import Seat
from bridge.web.admin.assets import asset_url
from bridge.web.admin.entrance import VISIT
from bridge.web.admin.rights import OF_VISITS, OPERATORS, of_person
from tests.admin.visiting import Guest, browser, guest, link_for, person
from tests.api.customers import OCTOBER

FOLDER = Path(bridge.web.admin.__file__).parent
MOST_COMPRESSED = 40_000


def entries(running, customer, action):
    with running.database.read(customer.tenant_id) as session:
        chosen = select(JournalEntry).where(JournalEntry.action == action).order_by(JournalEntry.id)
        return session.scalars(chosen).all()


def enter(running, link, **headers):
    return browser(running).post("/admin/enter", data={"link": link}, headers=headers)


def test_a_link_opens_once_and_looking_at_it_does_not_use_it_up(running, lindqvist):
    link = link_for(running, lindqvist)
    assert "Open the pages" in browser(running).get(f"/admin/enter?link={link}").text
    assert enter(running, link).status_code == 303
    again = enter(running, link)
    assert again.status_code == 401
    assert "was used before" in again.text
    assert entries(running, lindqvist, "access:visit:enter")[-1].actor_kind == "visit"


@pytest.mark.parametrize("link", ["", "no link", "01a05bc4-8180-7966-9fe8-89bd988471a3." + "x" * 43])
def test_what_is_no_link_opens_nothing(running, link):
    assert enter(running, link).status_code == 401


def test_a_link_expires(running, lindqvist):
    link = link_for(running, lindqvist)
    running.set_clock(OCTOBER + timedelta(hours=1))
    assert enter(running, link).status_code == 401


def test_a_link_of_one_company_opens_no_other(running, lindqvist, okonkwo):
    secret = link_for(running, lindqvist).partition(".")[2]
    assert enter(running, f"{okonkwo.tenant_id}.{secret}").status_code == 401


def test_another_site_cannot_bring_a_browser_in(running, lindqvist):
    link = link_for(running, lindqvist)
    assert enter(running, link, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert enter(running, link, **{"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_a_cookie_that_was_there_before_is_never_taken_over(running, lindqvist):
    planted = f"{VISIT}={lindqvist.tenant_id}.{'A' * 43}"
    entered = enter(running, link_for(running, lindqvist), Cookie=planted)
    assert planted not in entered.headers["Set-Cookie"]
    assert all(each in entered.headers["Set-Cookie"] for each in ("Secure", "HttpOnly", "SameSite=Lax"))
    assert Guest(running, lindqvist, planted).get().status_code == 303


def test_a_visit_ends_when_its_visitor_leaves(running, administrator, lindqvist):
    assert administrator.post("/leave").headers["Location"] == "/admin/sign-in"
    assert administrator.get().headers["Location"].startswith("/admin/sign-in")
    assert entries(running, lindqvist, "access:visit:end")


def test_a_visit_ends_when_it_rests_for_too_long(running, administrator):
    running.set_clock(OCTOBER + timedelta(minutes=59))
    assert administrator.get().status_code == 200
    running.set_clock(OCTOBER + timedelta(minutes=119))
    assert administrator.get().status_code == 303


def test_a_visit_lasts_for_its_hours_from_its_beginning_however_much_it_is_used(running, lindqvist):
    link = link_for(running, lindqvist)
    running.set_clock(OCTOBER + timedelta(minutes=59))
    entered = enter(running, link)
    visitor = Guest(running, lindqvist, entered.headers["Set-Cookie"].partition(";")[0])
    for minutes in range(0, 8 * 60, 30):
        running.set_clock(OCTOBER + timedelta(minutes=59 + minutes))
        assert visitor.get().status_code == 200, minutes
    running.set_clock(OCTOBER + timedelta(hours=8, minutes=59))
    assert visitor.get().status_code == 303


@pytest.mark.parametrize(
    ("fields", "headers"),
    [({"token": ""}, {}), ({"token": "of another visit"}, {}), ({}, {"Sec-Fetch-Site": "cross-site"})],
)
def test_a_form_that_is_not_of_our_page_does_nothing(running, lindqvist, administrator, fields, headers):
    if fields.get("token") == "of another visit":
        fields = {"token": guest(running, lindqvist).token()}
    sent = {"token": administrator.token(), **fields}
    answer = browser(running).post(
        "/admin/leave", data=sent, headers={"Cookie": administrator.cookie, **headers}
    )
    assert answer.status_code == 403
    assert administrator.get().status_code == 200


def test_whoever_is_not_signed_in_is_sent_to_where_they_can_be_and_back(running):
    away = browser(running).get("/admin")
    assert away.headers["Location"] == "/admin/sign-in?return_to=%2Fadmin"
    assert 'value="/admin"' in browser(running).get(away.headers["Location"]).text


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/logout", "/admin/../api", "/administer"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(running, elsewhere):
    shown = browser(running).get("/admin/sign-in", query_string={"return_to": elsewhere}).text
    assert "evil" not in shown
    assert 'name="return_to" value="/admin"' in shown


def test_the_way_to_the_identity_provider_is_by_the_connection(running, lindqvist):
    connection = lindqvist.ids["connection"]
    sent = browser(running).post("/admin/sign-in", data={"connection": connection, "return_to": "/admin"})
    assert sent.headers["Location"] == f"/login/{connection}?return_to=%2Fadmin"
    unknown = browser(running).post("/admin/sign-in", data={"connection": "nobody's"})
    assert unknown.status_code == 400
    assert "no such connection" in unknown.text


def test_each_page_is_kept_to_itself(running, administrator):
    one, other = administrator.get(), administrator.get()
    policy = one.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert one.headers["Cache-Control"] == "no-store"
    assert one.headers["X-Frame-Options"] == "DENY"
    assert policy != other.headers["Content-Security-Policy"]


def test_no_template_has_a_script_or_a_style_of_its_own():
    for path in (FOLDER / "templates").rglob("*.html"):
        content = path.read_text()
        assert not re.search(r"\son[a-z]+=|\sstyle=|<style|javascript:", content), path.name
        assert all("nonce=" in each for each in re.findall(r"<script[^>]*>", content)), path.name


def test_styles_are_small_and_kept_for_as_long_as_they_stay_the_same(running):
    total = 0
    for path in (FOLDER / "static").iterdir():
        answer = browser(running).get(asset_url(path.name), headers={"Accept-Encoding": "gzip"})
        assert "immutable" in answer.headers["Cache-Control"]
        total += len(answer.data)
        whole = browser(running).get(asset_url(path.name))
        assert whole.data == path.read_bytes()
    assert 0 < total <= MOST_COMPRESSED
    assert browser(running).get("/admin/assets/0000000000000000/bridge.css").status_code == 404
    assert browser(running).get("/admin/assets/0000000000000000/..%2F__init__.py").status_code == 404


def test_every_visitor_has_rights_and_only_the_operator_those_about_what_is_owed():
    assert set(OF_VISITS) == set(VISITORS)
    assert [role for role, rights in OF_VISITS.items() if rights & OPERATORS] == ["operator"]
    assert of_person([*OPERATORS, "rules:read"]) == {"rules:read"}


def hold(running, customer, *roles):
    """Have the one person whom the customer's rules give a seat hold these roles."""
    with running.database.write(customer.tenant_id) as session:
        session.execute(
            update(Seat).where(Seat.person_id == customer.ids["person"]).values(roles=list(roles))
        )


def test_a_person_who_signed_in_may_do_what_their_roles_bring(running, lindqvist):
    ada = person(running, lindqvist, lindqvist.ids["person"])
    hold(running, lindqvist)
    assert "Connections" not in ada.get().text
    hold(running, lindqvist, "auditor")
    assert "Connections" in ada.get().text


def test_a_person_who_was_deactivated_is_nobody_here(running, okonkwo):
    made = running.scim(okonkwo, "POST", "/Users", {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "kemi", "active": True,
    })  # fmt: skip
    kemi = person(running, okonkwo, made.json["id"])
    assert kemi.get().status_code == 200
    with running.database.write(okonkwo.tenant_id) as session:
        session.execute(update(Person).where(Person.id == made.json["id"]).values(active=False))
    assert kemi.get().status_code == 303


def test_the_command_prints_a_link_that_opens(running, lindqvist, monkeypatch):
    monkeypatch.setattr("bridge.cli.admin_link.parts", lambda: running.parts)
    monkeypatch.setattr("bridge.cli.operator.parts", lambda: running.parts)
    made = CliRunner().invoke(commands, ["admin-link", lindqvist.tenant_id, "--role", "auditor"])
    assert made.exit_code == 0, made.output
    address = made.stdout.strip()
    assert address.startswith("http://127.0.0.1:8080/admin/enter?link=")
    assert enter(running, address.partition("link=")[2]).status_code == 303
