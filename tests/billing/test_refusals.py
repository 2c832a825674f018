"""What a quote refuses, at which place, in words that help."""

import json
from dataclasses import replace

import pytest

from bridge.billing.pricing.reading import DEFAULT_LIMITS
from bridge.billing.quote import answer_quote
from bridge.errors import InvalidSyntax, InvalidValue, TooLarge
from tests.billing.quotes import EVER, crew, quote, seat, term, used

PRICED = {"plan": "standard", "unit_amount": "1.00"}
METER = {"meter": "calls", "unit_amount": "0.01"}
ANNUAL = {"committed_seats": 1}
LAST_NOT_OPEN = [{"up_to": 1, "unit_amount": "1"}, {"up_to": 2, "unit_amount": "1"}]


def refusal(document, **limits):
    with pytest.raises(InvalidValue) as refused:
        answer_quote(document, replace(DEFAULT_LIMITS, **limits))
    assert refused.value.detail.startswith("found ")
    assert ", allowed " in refused.value.detail
    assert "\n" not in refused.value.detail
    return refused.value.pointer


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"currency": None}, "/currency"),
        ({"currency": "usd"}, "/currency"),
        ({"currency": 840}, "/currency"),
        ({"timezone": "Europe/Atlantis"}, "/timezone"),
        ({"timezone": 1}, "/timezone"),
        ({"timezone": "localtime"}, "/timezone"),
        ({"timezone": "posixrules"}, "/timezone"),
        ({"timezone": "right/Europe/Berlin"}, "/timezone"),
        ({"period": None}, "/period"),
        ({"period": "2024-01"}, "/period"),
        ({"period": {"start": "2024-01-01"}}, "/period/end"),
        ({"period": {"end": "2024-01-01"}}, "/period/start"),
        ({"period": {"start": "2024-01-01", "end": "2024-01-01"}}, "/period/end"),
        ({"period": {"start": "2024-01-01", "end": "2025-01-02"}}, "/period/end"),
        ({"period": {"start": "2024-1-1", "end": "2025-01-01"}}, "/period/start"),
        ({"period": {"start": "2023-02-29", "end": "2023-03-29"}}, "/period/start"),
        ({"period": {"start": "0001-01-01", "end": "0001-02-01"}}, "/period/start"),
        ({"terms": None}, "/terms"),
        ({"terms": []}, "/terms"),
        ({"terms": {}}, "/terms"),
        ({"terms": ["standard"]}, "/terms/0"),
        ({"seats": None}, "/seats"),
        ({"seats": [seat("ada", plan="gold")]}, "/seats/0/plan"),
        ({"seats": [seat("ada"), seat("bob", EVER, "2023-05-31T23:59:59Z")]}, "/seats/1/end"),
        ({"seats": [seat("ada", "2024-01-10T10:00:00")]}, "/seats/0/start"),
        ({"seats": [seat("ada", "2024-01-10")]}, "/seats/0/start"),
        ({"seats": [seat("ada", "2024-02-30T10:00:00Z")]}, "/seats/0/start"),
        ({"seats": [seat("ada", "0001-01-01T00:00:00+14:00")]}, "/seats/0/start"),
        ({"seats": [seat("ada", 1704067200)]}, "/seats/0/start"),
        ({"seats": [{"person": "ada", "plan": "standard"}]}, "/seats/0/start"),
        ({"seats": [{"plan": "standard", "start": EVER}]}, "/seats/0/person"),
        ({"seats": [seat("")]}, "/seats/0/person"),
        ({"seats": [seat("ada", department=7)]}, "/seats/0/department"),
        ({"seats": [seat("ada", team="x")]}, "/seats/0/team"),
        ({"seats": [seat("ada\ud800")]}, "/seats/0/person"),
        ({"seats": [seat("ada", department="\udc00")]}, "/seats/0/department"),
        ({"logins": [{"person": "ada"}]}, "/logins/0/at"),
        ({"logins": {}}, "/logins"),
        ({"usage": [used("ada", "1")]}, "/usage/0/meter"),
        ({"usage": [used("ada", "-1")]}, "/usage/0/quantity"),
        ({"usage": [used("ada", 1)]}, "/usage/0/quantity"),
        ({"usage": [{"person": "ada", "meter": "calls", "at": EVER}]}, "/usage/0/quantity"),
        ({"tax_percent": "100.5"}, "/tax_percent"),
        ({"tax_percent": 19}, "/tax_percent"),
        ({"tenant_cap": "0.001"}, "/tenant_cap"),
        ({"credit_available": "-1.00"}, "/credit_available"),
        ({"tenant_cap": "1.00", "tenant_floor": "2.00"}, "/tenant_floor"),
        ({"already_issued": [{"person": "ada", "plan": "standard"}]}, "/already_issued/0/amount"),
        ({"already_issued": [{"amount": "0.001"}]}, "/already_issued/0/amount"),
        ({"colour": "red"}, "/colour"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"a\ud800": 1}, "/a\\ud800"),
    ],
)
def test_a_quote_is_refused_at_the_place_that_is_wrong(changes, pointer):
    assert refusal(quote(term(), [seat("ada")]) | changes) == pointer


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"plan": None}, "/plan"),
        ({"unit_amount": None}, "/unit_amount"),
        ({"unit_amount": 39}, "/unit_amount"),
        ({"unit_amount": 39.5}, "/unit_amount"),
        ({"unit_amount": "1e2"}, "/unit_amount"),
        ({"unit_amount": "-1.00"}, "/unit_amount"),
        ({"tiers": [{"unit_amount": "1"}]}, "/tiers"),
        ({"unit_amount": None, "tiers": []}, "/tiers"),
        ({"unit_amount": None, "tiers": LAST_NOT_OPEN}, "/tiers/1/up_to"),
        ({"unit_amount": None, "tiers": [{"unit_amount": "1"}, {"unit_amount": "1"}]}, "/tiers/0/up_to"),
        ({"unit_amount": None, "tiers": [*LAST_NOT_OPEN[::-1], {"unit_amount": "1"}]}, "/tiers/1/up_to"),
        ({"unit_amount": None, "tiers": [{"up_to": 0, "unit_amount": "1"}]}, "/tiers/0/up_to"),
        (
            {"unit_amount": None, "tiers": [{"up_to": 10**18, "unit_amount": "1"}, {"unit_amount": "1"}]},
            "/tiers/0/up_to",
        ),
        ({"unit_amount": None, "tiers": [{"up_to": None}]}, "/tiers/0/unit_amount"),
        ({"unit_amount": None, "tiers": [{"unit_amount": "1", "name": "a"}]}, "/tiers/0/name"),
        ({"tiers_mode": "stairs"}, "/tiers_mode"),
        ({"rank": "20"}, "/rank"),
        ({"rank": True}, "/rank"),
        ({"interval": "week"}, "/interval"),
        ({"timing": "later"}, "/timing"),
        ({"year_start": "2024"}, "/year_start"),
        ({"included_seats": -1}, "/included_seats"),
        ({"max_seats": 1.5}, "/max_seats"),
        ({"count": "day_any"}, "/count"),
        ({"count": {"basis": "daily"}}, "/count/basis"),
        ({"count": {"basis": ["day_any"]}}, "/count/basis"),
        ({"count": {"removal_day": "half"}}, "/count/removal_day"),
        ({"count": {"basis": "second", "removal_day": "free"}}, "/count/removal_day"),
        ({"count": {"window_days": -1}}, "/count/window_days"),
        ({"minimum": {}}, "/minimum/seats"),
        ({"minimum": {"seats": 1, "amount": "1.00"}}, "/minimum/amount"),
        ({"minimum": {"seats": 1, "overage_factor": "-1"}}, "/minimum/overage_factor"),
        ({"minimum": {"amount": "2.00"}, "plan_cap": "1.00"}, "/minimum/amount"),
        ({"minimum": {"seats": 2}, "plan_cap": "1.00"}, "/minimum/seats"),
        ({"plan_floor": "2.00", "plan_cap": "1.00"}, "/plan_floor"),
        ({"per_user_cap": "0.005"}, "/per_user_cap"),
        ({"discount_percent": "101"}, "/discount_percent"),
        ({"valid": {"from": "2024-01-15", "until": "2024-01-15"}}, "/valid/until"),
        ({"valid": {"to": "2024-01-15"}}, "/valid/to"),
        ({"meters": [{"meter": "calls"}]}, "/meters/0/unit_amount"),
        ({"meters": [METER, METER]}, "/meters/1/meter"),
        ({"meters": [METER | {"package_size": 0}]}, "/meters/0/package_size"),
        ({"meters": [METER | {"package_size": 10**18}]}, "/meters/0/package_size"),
        ({"meters": [METER | {"pooled": "yes"}]}, "/meters/0/pooled"),
        ({"meters": [METER | {"included_per_seat": 1000}]}, "/meters/0/included_per_seat"),
        (
            {"meters": [{"meter": "calls", "tiers": [{"unit_amount": "1"}], "package_size": 10}]},
            "/meters/0/package_size",
        ),
        ({"annual": {}}, "/annual/committed_seats"),
        ({"annual": ANNUAL | {"true_up": "daily"}}, "/annual/true_up"),
        ({"annual": ANNUAL, "count": {"basis": "daily"}}, "/count/basis"),
        ({"annual": ANNUAL, "count": {"seats": 1}}, "/count/seats"),
        ({"annual": ANNUAL, "meters": [METER]}, "/meters"),
        ({"annual": ANNUAL, "minimum": {"seats": 1}}, "/minimum"),
        ({"annual": ANNUAL, "plan_cap": "1.00"}, "/plan_cap"),
        ({"annual": ANNUAL, "plan_floor": "1.00"}, "/plan_floor"),
        ({"annual": ANNUAL, "per_user_cap": "1.00"}, "/per_user_cap"),
        ({"annual": ANNUAL, "discount_percent": "5"}, "/discount_percent"),
        ({"annual": ANNUAL, "valid": {"from": "2024-01-15"}}, "/valid"),
        ({"price": "1.00"}, "/price"),
    ],
)
def test_a_term_is_refused_at_the_place_that_is_wrong(changes, pointer):
    assert refusal(quote([PRICED | changes], [])) == f"/terms/0{pointer}"


def test_the_same_plan_twice_needs_dates_of_its_own():
    assert refusal(quote([term(), term()], [])) == "/terms/1/plan"
    halves = [term(valid={"until": "2024-01-15"}), term(valid={"from": "2024-01-15"})]
    assert answer_quote(quote(halves, []))["invoices"]


def test_two_plans_of_one_rank_need_dates_of_their_own():
    assert refusal(quote([term(), term("premium")], [])) == "/terms/1/rank"
    halves = [term(valid={"until": "2024-01-15"}), term("premium", valid={"from": "2024-01-15"})]
    assert answer_quote(quote(halves, []))["invoices"]


def test_beside_a_commitment_all_terms_are_annual_for_exactly_one_year_without_tenant_limits():
    year = {"start": "2024-02-29", "end": "2025-02-28"}
    annual = term(annual=ANNUAL)
    assert answer_quote(quote([annual], [], year))["invoices"]
    assert refusal(quote([annual, term("premium", 30)], [], year)) == "/terms/1/annual"
    assert refusal(quote([annual], [], {"start": "2024-02-29", "end": "2025-03-01"})) == "/period"
    assert refusal(quote([annual], [], {"start": "2024-02-29", "end": "2025-02-27"})) == "/period"
    assert refusal(quote([annual], [], year, tenant_cap="1.00")) == "/tenant_cap"
    assert refusal(quote([annual], [], year, tenant_floor="1.00")) == "/tenant_floor"


@pytest.mark.parametrize(
    ("limit", "document", "pointer"),
    [
        ("seats", quote(term(), crew(3)), "/seats"),
        ("terms", quote([term(str(n), n) for n in range(3)], []), "/terms"),
        ("sign_ins", quote(term(), [], logins=[{"person": "a", "at": EVER}] * 3), "/logins"),
        ("usage_events", quote(term(meters=[METER]), [], usage=[used("a", "1")] * 3), "/usage"),
        ("issued_amounts", quote(term(), [], already_issued=[{"amount": "1.00"}] * 3), "/already_issued"),
        ("meters", quote(term(meters=[METER | {"meter": str(n)} for n in range(3)]), []), "/terms/0/meters"),
        (
            "tiers",
            quote(term(tiers=[{"up_to": n, "unit_amount": "1"} for n in (1, 2, None)]), []),
            "/terms/0/tiers",
        ),
        ("text_characters", quote(term("abc"), []), "/currency"),
    ],
)
def test_more_than_a_limit_is_refused_and_the_limit_itself_is_not(limit, document, pointer):
    assert refusal(document, **{limit: 2}) == pointer
    assert answer_quote(document, replace(DEFAULT_LIMITS, **{limit: 3}))["invoices"]


def test_a_period_may_have_366_days():
    assert answer_quote(quote(term(), [], {"start": "2023-12-31", "end": "2024-12-31"}))["invoices"]


def test_too_many_bytes_are_refused_unread():
    with pytest.raises(TooLarge):
        answer_quote(b"{" * 11, replace(DEFAULT_LIMITS, document_bytes=10))


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000, b'{"rank": ' + b"9" * 5000 + b"}", b'{"a": 1} x'],
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(InvalidSyntax):
        answer_quote(text)


@pytest.mark.parametrize("text", [b"[]", b"null", b'"quote"'])
def test_what_is_no_object_is_refused(text):
    assert refusal(text) == ""


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"currency": "USD", "currency": "EUR"}', "/currency"),
        ('{"terms": [{"plan": "a"}, {"plan": "a", "a/b": 1, "a/b": 1}]}', "/terms/1/a~1b"),
        ('{"seats": [1, {"x": null, "inner": {"person": "a", "person": "b"}}]}', "/seats/1/inner/person"),
    ],
)
def test_a_name_that_stands_twice_is_refused_where_it_stands(text, pointer):
    assert refusal(text.encode()) == pointer


def test_a_document_in_bytes_is_answered_as_one_in_values():
    document = quote(term(), [seat("ada", "2024-01-01T00:00:00.1234567Z")])
    assert answer_quote(json.dumps(document).encode()) == answer_quote(document)


def test_a_found_text_is_cut_to_one_line():
    with pytest.raises(InvalidValue) as refused:
        answer_quote(quote(term(), [seat("ada", "x\n" * 500)]))
    assert len(refused.value.detail) < 200
