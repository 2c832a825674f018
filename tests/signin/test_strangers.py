from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from bridge.directory.tables import Person
from bridge.signin.tables import Identity, OidcSetting
from bridge.tenants.connections import list_connections
from bridge.tenants.secrets import Seal
from tests.api.customers import add_customer
from tests.signin.provider_double import Told
from tests.signin.stage import HOST, Play


def test_a_sign_in_of_one_connection_is_no_sign_in_of_another(play: Play):
    other = add_customer(play.running, "Okonkwo Textiles")
    theirs = Play(play.running, other, play.provider, play.browser)
    theirs.set_oidc()
    begun = play.start()
    known_before = theirs.known()
    code = play.provider.code(begun)
    answer = theirs.back(state=begun["state"], code=code)
    assert answer.status_code == 403
    assert [each["reason"] for each in theirs.refused()] == ["unknown_state"]
    assert theirs.known() == known_before
    # Nor has it used up the sign-in that it was taken from.
    assert play.back(state=begun["state"], code=code).status_code == 303


@pytest.mark.parametrize(
    "where",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "evil",
        "",
        "/a b",
        "/é",
        "/\x01",
        "/" + "x" * 2001,
    ],
)
def test_nobody_is_sent_to_another_site(play: Play, where: str):
    answer = play.browser.get(f"/login/{play.connection}", query_string={"return_to": where}, base_url=HOST)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_an_unknown_connection_is_told_apart_from_nothing(play: Play):
    for path in ("/login/nobody", "/login/nobody/callback?state=a&code=b"):
        answer = play.visit(path)
        assert answer.status_code == 404
        assert "Reference" in answer.text


def test_a_connection_without_settings_lets_nobody_in(play: Play):
    other = add_customer(play.running, "Adeyemi Foods")
    bare = Play(play.running, other, play.provider, play.browser)
    assert bare.visit(f"/login/{bare.connection}").status_code == 404
    assert bare.back(state="a", code="b").status_code == 404


def test_a_provider_that_cannot_be_reached_is_told_at_the_start(play: Play):
    play.provider.told = {".well-known/openid-configuration": Told({}, 500)}
    answer = play.visit(f"/login/{play.connection}")
    assert answer.status_code == 502
    assert "provider_status" in {
        each["reason"] for each in play.refused() if each["id"] == answer.headers["X-Request-Id"]
    }


@pytest.mark.parametrize("issuer", [None, "https://evil.example"])
def test_a_provider_that_is_another_than_configured_is_not_asked(play: Play, issuer: str | None):
    play.provider.metadata = {"issuer": issuer}
    assert play.visit(f"/login/{play.connection}").status_code == 502
    assert "other_issuer" in {each["reason"] for each in play.refused()}


def test_a_mixed_up_answer_of_another_provider_reaches_no_token_endpoint(play: Play):
    begun = play.start()
    asked = len(play.provider.site.asked)
    play.back(state=begun["state"], code="stolen", iss="https://evil.example")
    assert len(play.provider.site.asked) == asked


def test_whoever_asks_too_often_is_told_when_to_come_back(play: Play):
    parts = play.running.parts
    tenant_id = add_customer(play.running, "Haddad Mills").tenant_id
    parts.rate_limits.admit(tenant_id, "logins", count=200_000)
    with parts.database.read(tenant_id) as session:
        [row] = list_connections(session)
    answer = play.visit(f"/login/{row.id}")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Reference" in answer.text


def test_settings_sealed_with_a_key_that_is_gone_are_told_to_the_operator(
    play: Play, capsys: pytest.CaptureFixture[str]
):
    with play.running.database.write(play.customer.tenant_id) as session:
        session.execute(update(OidcSetting).values(sealed=Seal(["x" * 32]).seal(b"secret")))
    answer = play.visit(f"/login/{play.connection}")
    assert answer.status_code == 503
    assert '"event":"signin.failed"' in capsys.readouterr().err


def test_what_nobody_foresaw_is_a_page_too_and_quotes_nothing(play: Play, capsys: pytest.CaptureFixture[str]):
    with play.running.database.write(play.customer.tenant_id) as session:
        session.execute(update(OidcSetting).values(scopes=[7]))
    answer = play.visit(f"/login/{play.connection}")
    assert answer.status_code == 500
    assert "Reference" in answer.text
    assert '"event":"signin.surprise"' in capsys.readouterr().err


def test_a_method_that_is_none_is_refused_by_the_framework(play: Play):
    assert play.browser.delete(f"/login/{play.connection}", base_url=HOST).status_code == 405


@pytest.mark.parametrize("jit", ["off", "create"])
def test_two_tabs_that_return_at_once_make_one_person_and_one_link(play: Play, jit: str):
    play.set_oidc(jit=jit)
    subject = f"both-{play.provider.issuers}" if jit == "create" else "00u2"
    play.provider.claims = {"sub": subject}
    others = [
        Play(play.running, play.customer, play.provider, play.running.app.test_client()) for _ in range(4)
    ]
    begun = [each.start() for each in others]
    codes = [play.provider.code(each) for each in begun]
    with ThreadPoolExecutor(4) as at_once:
        answers = list(
            at_once.map(
                lambda each: each[0].back(state=each[1]["state"], code=each[2]),
                zip(others, begun, codes, strict=True),
            )
        )
    reasons = {row["id"]: row["reason"] for row in play.refused()}
    for answer in answers:
        in_time = answer.status_code == 303
        assert in_time or (jit == "create" and reasons[answer.headers["X-Request-Id"]] == "made_meanwhile")
    assert [answer.status_code for answer in answers].count(303) >= 1
    assert len([row for row in play.rows(Identity) if row.issuer == play.provider.issuer]) == 1
    assert len([row for row in play.rows(Person) if row.external_id == subject]) == 1


def test_all_who_were_refused_are_listed_page_by_page_also_those_of_one_instant(play: Play):
    theirs = Play(play.running, add_customer(play.running, "Bakker Optics"), play.provider, play.browser)
    theirs.set_oidc()
    answers = [theirs.back(state="made-up", code="any") for _ in range(5)]
    theirs.set_clock(play.provider.now + timedelta(seconds=1))
    answers += [theirs.back(state="made-up", code="any") for _ in range(2)]
    pages = list(theirs.refused_pages(limit=3))
    assert [len(page) for page in pages] == [3, 3, 1]
    listed = [row["id"] for page in pages for row in page]
    assert listed[:2] == sorted((answer.headers["X-Request-Id"] for answer in answers[5:]), reverse=True)
    assert listed[2:] == sorted((answer.headers["X-Request-Id"] for answer in answers[:5]), reverse=True)
