"""Who has a session asked for again: the workers in time, the software that wants it now."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bridge.access.refreshes import next_refresh
from bridge.tenants.tables import DueTenant
from tests.signin.conftest import NOW
from tests.signin.provider_double import Told
from tests.signin.stage import HOST
from tests.signin.stay import (
    DUE,
    asked,
    is_signed_in,
    kept,
)


def due_rows(play):
    with play.running.database.unscoped_read() as session:
        chosen = select(DueTenant.wake_at).where(
            DueTenant.tenant_id == play.customer.tenant_id, DueTenant.cause == "refresh"
        )
        return sorted(session.scalars(chosen))


def test_a_worker_finds_what_is_due_and_comes_back_for_the_next(stay):
    from workers.refreshing import refresh_all  # noqa: PLC0415 (reads the settings when imported)

    assert DUE in due_rows(stay)
    assert refresh_all(stay.running.database, stay.customer.tenant_id, stay.running.parts.settings)
    assert kept(stay).refreshed_at == DUE
    with stay.running.database.read(stay.customer.tenant_id) as session:
        assert min(due_rows(stay)) <= next_refresh(session)
    assert min(due_rows(stay)) > DUE


def test_a_worker_whose_turn_is_over_leaves_the_due_rows(stay):
    from workers.refreshing import refresh_all  # noqa: PLC0415 (reads the settings when imported)

    chosen = stay.running.parts.settings.model_copy(update={"assignment_turn_seconds": 0.0})
    assert refresh_all(stay.running.database, stay.customer.tenant_id, chosen) is False
    assert DUE in due_rows(stay)
    assert refresh_all(stay.running.database, stay.customer.tenant_id, chosen) is True
    assert DUE not in due_rows(stay)


def now_please(play, *, token=None, headers=None):
    known = play.visit("/session/me").json["signed_in_by"]["page_token"]
    return play.browser.post(
        "/session/refresh", data={"token": token or known}, headers=headers, base_url=HOST
    )


def test_the_software_may_have_the_provider_asked_now_but_not_all_the_time(stay):
    stay.set_clock(NOW + timedelta(seconds=5))
    answer = now_please(stay)
    assert (answer.status_code, answer.json["refreshed_at"]) == (200, "2026-09-01T09:00:05Z")
    assert answer.headers["Cache-Control"] == "no-store"
    again = now_please(stay)
    assert (again.status_code, again.headers["Retry-After"]) == (429, "60")
    stay.set_clock(NOW + timedelta(seconds=65))
    assert now_please(stay).status_code == 200
    assert len(asked(stay)) == 2


def test_no_other_site_may(stay):
    assert now_please(stay, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert now_please(stay, token="guessed").status_code == 403
    assert stay.browser.post("/session/refresh", base_url=HOST).status_code == 403
    assert asked(stay) == []


def test_whoever_is_refused_is_signed_out_and_told(stay):
    stay.provider.good_refresh = set()
    assert now_please(stay).status_code == 401
    assert (kept(stay).ended_because, is_signed_in(stay)) == ("refused_refresh", False)


def test_an_outage_is_told_and_signs_nobody_out(stay):
    stay.provider.told["token"] = Told(b"", status=500)
    assert now_please(stay).status_code == 502
    assert is_signed_in(stay)
    assert now_please(stay).headers["Retry-After"] == "60"


def test_without_a_refresh_token_there_is_nothing_to_ask_with(alone):
    alone.sign_in()
    assert now_please(alone).status_code == 409


def test_where_people_sign_in_elsewhere_now_there_is_nobody_to_ask(stay):
    stay.provider.issuers += 1_000_000
    stay.set_oidc()
    assert now_please(stay).status_code == 502
    assert now_please(stay).status_code == 409


@pytest.mark.parametrize("running", ["sqlite"], indirect=True)
def test_nobody_signed_in_has_nothing_asked(running):
    assert running.client.post("/session/refresh", base_url=HOST).status_code == 401
