import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidPath
from bridge.scim.filters import And, AttrPath, Comparison, FilterLimits
from bridge.scim.paths import parse_path
from bridge.scim.schemas import ENTERPRISE_USER_URN, GROUP_RESOURCE, USER_RESOURCE, USER_URN
from bridge.scim.tolerances import ALL_TOLERANCES


def compare(name, value):
    return Comparison(AttrPath(None, name), "eq", value)


@pytest.mark.parametrize(
    ("text", "schema", "attribute", "condition", "sub"),
    [
        ("ACTIVE", None, "active", None, None),
        ("name.GIVENNAME", None, "name", None, "givenName"),
        ('emails[type eq "work"]', None, "emails", compare("type", "work"), None),
        ('emails[TYPE eq "work"].VALUE', None, "emails", compare("type", "work"), "value"),
        (
            'addresses[type eq "work" and primary eq true].country',
            None,
            "addresses",
            And((compare("type", "work"), compare("primary", True))),  # noqa: FBT003 - a JSON value
            "country",
        ),
        ('emails[value eq "a].b (or) \\"c"].type', None, "emails", compare("value", 'a].b (or) "c'), "type"),
        (f"{USER_URN}:userName", None, "userName", None, None),
        (f"{ENTERPRISE_USER_URN}:manager", ENTERPRISE_USER_URN, "manager", None, None),
        (f"{ENTERPRISE_USER_URN.upper()}:manager.value", ENTERPRISE_USER_URN, "manager", None, "value"),
        (f'{USER_URN}:emails[type eq "work"].value', None, "emails", compare("type", "work"), "value"),
    ],
)
def test_a_path_names_one_part_of_a_person(text, schema, attribute, condition, sub):
    path = parse_path(text, USER_RESOURCE)
    assert (path.schema, path.attribute.name, path.filter) == (schema, attribute, condition)
    assert (path.sub.name if path.sub else None) == sub
    assert path.tolerances == ()


def test_a_path_names_one_member_of_a_group():
    path = parse_path('members[value eq "7f4bc1a3"]', GROUP_RESOURCE)
    assert (path.attribute.name, path.filter, path.name) == (
        "members",
        compare("value", "7f4bc1a3"),
        "members",
    )
    assert parse_path("members.value", GROUP_RESOURCE).name == "members.value"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "nosuch",
        "emails.nosuch",
        'emails[nosuch eq "x"]',
        'emails[type eq "work"].nosuch',
        'emails[type eq "work"',
        'emails[type eq "work"].value.x',
        'emails[type eq "work"][value pr]',
        "emails[]",
        "emails[type gt true]",
        "emails[primary gt true]",
        "emails.value[type pr]",
        'userName eq "x"',
        "userName pr",
        "userName or title",
        "not (userName)",
        'name[givenName eq "x"]',
        'title[value eq "x"]',
        'emails[type eq "work"].value eq "x" or title',
        "department",
        "urn:x:y:z",
        USER_URN,
        'roles[primary eq "True"].display',
        "a b",
        "/userName",
        "\ud800",
    ],
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(InvalidPath):
        parse_path(text, USER_RESOURCE)


@pytest.mark.parametrize(
    ("text", "tolerance", "name"),
    [
        ("manager", "extension_without_urn", f"{ENTERPRISE_USER_URN}:manager"),
        ("manager.value", "extension_without_urn", f"{ENTERPRISE_USER_URN}:manager.value"),
        (f"{ENTERPRISE_USER_URN}.department", "urn_without_last_colon", f"{ENTERPRISE_USER_URN}:department"),
        (
            f"{ENTERPRISE_USER_URN}manager.value",
            "urn_without_last_colon",
            f"{ENTERPRISE_USER_URN}:manager.value",
        ),
        (f"{USER_URN}.title", "urn_without_last_colon", "title"),
        (
            "urn:scim:schemas:extension:enterprise:1.0:department",
            "pre_ietf_urn",
            f"{ENTERPRISE_USER_URN}:department",
        ),
        ("urn:scim:schemas:core:1.0:User:name.givenName", "pre_ietf_urn", "name.givenName"),
        ('roles[primary eq "True"].display', "text_in_comparisons", "roles.display"),
        ("emails[type eq work].value", "bare_words", "emails.value"),
        ("emails[type eq 'work'].value", "bare_words", "emails.value"),
        ("emails[value eq 7f4b-c1a3]", "bare_words", "emails"),
    ],
)
def test_other_spellings_are_understood_only_where_tolerated(text, tolerance, name):
    path = parse_path(text, USER_RESOURCE, tolerances=ALL_TOLERANCES)
    assert (path.name, path.tolerances) == (name, (tolerance,))
    with pytest.raises(InvalidPath):
        parse_path(text, USER_RESOURCE, tolerances=ALL_TOLERANCES - {tolerance})


def test_a_bare_word_in_a_path_is_the_text_it_stands_for():
    for text in ("members[value eq 7f4bc1a3]", "members[value eq '7f4bc1a3']"):
        path = parse_path(text, GROUP_RESOURCE, tolerances=ALL_TOLERANCES)
        assert path.filter == compare("value", "7f4bc1a3")


def test_a_tolerant_path_still_knows_nonsense():
    for text in (
        'roles[primary eq "maybe"]',
        "roles[nosuch pr]",
        "urn:scim:schemas:core:1.0:nosuch",
        "emails[type eq work",
        "emails[type eq]",
        "emails[type work]",
        "title eq work",
    ):
        with pytest.raises(InvalidPath):
            parse_path(text, USER_RESOURCE, tolerances=ALL_TOLERANCES)


def test_a_path_has_the_limits_of_a_filter():
    with pytest.raises(InvalidPath, match="20 bytes"):
        parse_path('emails[type eq "work"]', USER_RESOURCE, limits=FilterLimits(length_bytes=20))


@given(st.text(alphabet='emails[].value "workeqtyp()ndr', max_size=30))
def test_any_text_is_a_path_or_refused(text):
    try:
        path = parse_path(text, USER_RESOURCE, tolerances=ALL_TOLERANCES)
    except InvalidPath:
        return
    assert path.name.lower().rpartition(":")[2] in text.lower() or path.filter is not None
