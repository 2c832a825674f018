import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidValue
from bridge.scim.instants import parse_instant
from bridge.scim.text import checked_text, fold, shown


@given(st.text())
def test_a_folded_text_folds_to_itself(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(max_codepoint=0x17F, exclude_categories=["Cs"])))
def test_case_does_not_matter_to_a_folded_text(text):
    assert fold(text.upper().lower()) == fold(text.upper())


def test_full_width_and_sharp_s_fold_to_what_people_type():
    assert fold("\uff21\uff24\uff21") == "ada"
    assert fold("STRAẞE") == fold("strasse")


def test_a_text_at_the_limit_is_accepted_and_one_past_it_refused():
    assert checked_text("é" * 5, name="title", limit_characters=5) == "ééééé"
    with pytest.raises(InvalidValue, match="title has 6 characters"):
        checked_text("é" * 6, name="title", limit_characters=5)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "é\udfff"])
def test_texts_no_database_can_store_are_refused(text):
    with pytest.raises(InvalidValue, match="title contains"):
        checked_text(text, name="title", limit_characters=50)


def test_a_message_quotes_a_value_escaped_and_cut():
    assert shown("a" * 500).endswith("…'")
    assert shown("\ud800") == "'\\ud800'"
    assert shown(["x"]) == "['x']"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-02-28T09:30:00Z", "2026-02-28T09:30:00+00:00"),
        ("2026-02-28t09:30:00.123+05:30", "2026-02-28T04:00:00.123000+00:00"),
        ("2024-02-29T00:00:00", "2024-02-29T00:00:00+00:00"),
    ],
)
def test_an_instant_is_read_in_utc(text, utc):
    assert parse_instant(text).isoformat() == utc


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "0000-01-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-02-28",
        "2026-W09-1T00:00:00Z",
        "2026-02-28T24:00:00Z",
        "٢٠٢٦-02-28T00:00:00Z",
        "",
        "yesterday",
    ],
)
def test_what_is_no_instant_is_an_invalid_value_and_nothing_else(text):
    with pytest.raises(InvalidValue, match="is no dateTime"):
        parse_instant(text)
