import json
from decimal import Decimal
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidFilter
from bridge.scim.filters import (
    And,
    AttrPath,
    Comparison,
    FilterLimits,
    Not,
    Or,
    Present,
    ValuePath,
    parse_filter,
)
from bridge.scim.schemas import (
    ENTERPRISE_USER_URN,
)


def a(name, sub=None, schema=None):
    return AttrPath(schema, name, sub)


def is_(name, value, op="eq"):
    return Comparison(a(name), op, value)


def test_and_binds_tighter_than_or():
    assert parse_filter("a pr or b pr and c pr") == Or(
        (Present(a("a")), And((Present(a("b")), Present(a("c")))))
    )
    assert parse_filter("a pr and b pr or c pr") == Or(
        (And((Present(a("a")), Present(a("b")))), Present(a("c")))
    )
    assert parse_filter("e[a pr or b pr and c pr]").condition == Or(
        (Present(a("a")), And((Present(a("b")), Present(a("c")))))
    )


def test_parentheses_and_not_are_stronger_than_both():
    assert parse_filter("(a pr or b pr) and c pr") == And(
        (Or((Present(a("a")), Present(a("b")))), Present(a("c")))
    )
    assert parse_filter("not (a pr) and b pr or c pr") == Or(
        (And((Not(Present(a("a"))), Present(a("b")))), Present(a("c")))
    )


def test_chains_are_flat():
    assert parse_filter("a pr and (b pr and c pr) and d pr") == And(
        tuple(Present(a(name)) for name in "abcd")
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10),
        ("-7", -7),
        ("0", 0),
        ("1.50", Decimal("1.50")),
        ("2e3", Decimal(2000)),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("Null", None),
        ('"true"', "true"),
        ('"10"', "10"),
        (r'"say \"hi\""', 'say "hi"'),
        (r'"back\\slash\/\n\t"', "back\\slash/\n\t"),
        (r'"\u00e9\ud83d\ude00"', "é😀"),
        ('""', ""),
        ('"50% of_all"', "50% of_all"),
        ('"(a) and [b] or not"', "(a) and [b] or not"),
    ],
)
def test_a_value_is_what_json_says(text, value):
    found = parse_filter(f"x eq {text}").value
    assert found == value
    assert type(found) is type(value)


def test_words_of_the_language_have_any_case_and_may_be_names_where_a_name_stands():
    assert parse_filter('userName EQ "x" AND NOT (title Pr) Or active eQ TRUE') == Or(
        (And((is_("userName", "x"), Not(Present(a("title"))))), is_("active", True))
    )
    assert parse_filter("eq eq 1 and not pr and order pr and and pr and true pr") == And(
        (is_("eq", 1), *(Present(a(name)) for name in ("not", "order", "and", "true")))
    )


def test_a_path_has_a_schema_a_name_and_a_part():
    assert parse_filter(f"{ENTERPRISE_USER_URN}:manager.$ref pr").path == AttrPath(
        ENTERPRISE_USER_URN, "manager", "$ref"
    )
    assert str(AttrPath("urn:x:y", "a", "b")) == "urn:x:y:a.b"
    assert parse_filter('emails[type eq "work"]') == ValuePath(a("emails"), is_("type", "work"))
    assert parse_filter('emails [ type eq "work" ]') == ValuePath(a("emails"), is_("type", "work"))


def test_a_comparison_behind_brackets_is_about_the_same_element():
    assert parse_filter('emails[type eq "work"].value ew "x"') == ValuePath(
        a("emails"), And((is_("type", "work"), is_("value", "x", "ew")))
    )
    assert parse_filter('emails[type eq "work" and primary eq true].value pr').condition == And(
        (is_("type", "work"), is_("primary", True), Present(a("value")))
    )


def test_a_bare_word_is_a_text_only_where_tolerated():
    for word in ("jyoung", "8d2a-4f8e", "00aa", "12e45", "a@b.example", "9" * 60):
        assert parse_filter(f"externalId eq {word}", tolerate_bare_words=True).value == word
    for word in ("jyoung", "00aa", "+1", ".5", "1.", "0x1", "NaN", "9" * 41, "1e99", "1e-99"):
        with pytest.raises(InvalidFilter):
            parse_filter(f"externalId eq {word}")
    assert parse_filter("externalId eq 41", tolerate_bare_words=True).value == 41


def test_single_quotes_are_no_part_of_the_text_between_them():
    """Taken for a part of it they would find nobody, and whoever asked would create a person who exists."""
    for value in ("jyoung", "J. Young (41)", "41", "true", ""):
        assert parse_filter(f"(externalId eq '{value}')", tolerate_bare_words=True).value == value
    for word in ("o'hara", "'tis", "it's"):
        assert parse_filter(f"externalId eq {word}", tolerate_bare_words=True).value == word
    for written in ("'J. O'Hara'", "'a' 'b'", "'a\\'b'", "'O''Hara'", "'"):
        with pytest.raises(InvalidFilter):
            parse_filter(f"externalId eq {written}", tolerate_bare_words=True)
    with pytest.raises(InvalidFilter):
        parse_filter("externalId eq 'jyoung'")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "userName",
        "userName eq",
        'eq "x"',
        'userName regex "x"',
        'userName eq "x',
        "userName eq 'x'",
        'userName eq "x" and',
        'userName eq "x" or or title pr',
        '(userName eq "x"',
        'userName eq "x")',
        "()",
        "not title pr",
        "not (title pr",
        'emails[type eq "work"',
        'emails[type eq "work")',
        "emails[]",
        'emails[type eq "work"] eq "x"',
        'emails[type eq "work"].value',
        'emails[type eq "work"][value pr]',
        "emails.a.b pr",
        "1a pr",
        "userName eq [1]",
        'userName eq "a\nb"',
        r'userName eq "\x"',
        r'userName eq "\u0000"',
        r'userName eq "\ud800"',
        'userName eq "x" title pr',
        "userName pr pr",
        "userName\u00a0pr",
        "\ud800",
        "userName eq \ud800",
    ],
)
def test_what_is_no_filter_is_refused(text):
    with pytest.raises(InvalidFilter):
        parse_filter(text, tolerate_bare_words=text == "userName eq \ud800")


def test_a_message_says_what_was_found_and_what_is_expected():
    with pytest.raises(InvalidFilter, match="has 'regex' at character 10 where an operator is expected"):
        parse_filter('userName regex "x"')


def test_limits_hold_at_the_limit_and_one_past_it():
    limits = FilterLimits(length_bytes=100, depth=3, conditions=4)
    assert parse_filter("a pr".ljust(100), limits=limits)
    with pytest.raises(InvalidFilter, match="100 bytes"):
        parse_filter('a eq "' + "é" * 47 + '"', limits=limits)
    assert parse_filter("((b[a pr]))", limits=limits)
    with pytest.raises(InvalidFilter, match="3 levels"):
        parse_filter("(((b[a pr])))", limits=limits)
    assert parse_filter(" or ".join(["a pr"] * 4), limits=limits)
    with pytest.raises(InvalidFilter, match="4 conditions"):
        parse_filter(" or ".join(["a pr"] * 5), limits=limits)


def test_the_default_limits_hold_where_the_library_breaks():
    assert len(parse_filter(" or ".join(f"a eq {n}" for n in range(200))).parts) == 200
    assert len(parse_filter(" and ".join(f"a eq {n}" for n in range(200))).parts) == 200
    with pytest.raises(InvalidFilter, match="200 conditions"):
        parse_filter(" or ".join(["a pr"] * 201))
    assert parse_filter("(" * 50 + "a pr" + ")" * 50) == Present(a("a"))
    assert parse_filter("not (" * 50 + "a pr and b pr" + ")" * 50)
    for text in ("(" * 51 + "a pr" + ")" * 51, "(" * 4000, "a[" * 4000, "not (" * 1600):
        with pytest.raises(InvalidFilter):
            parse_filter(text)
    with pytest.raises(InvalidFilter, match="8192 bytes"):
        parse_filter("a" * 8193)


def test_threads_do_not_disturb_each_other():
    wrong = []

    def work(thread):
        for number in range(200):
            name = f"n{thread}x{number}"
            if parse_filter(f'{name} eq {number} or a pr and b eq "{name}"') != Or(
                (is_(name, number), And((Present(a("a")), is_("b", name))))
            ):
                wrong.append(name)

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []


NAMES = st.sampled_from(["a", "b", "not", "or", "eq", "true", "x-y_1", "$ref"])
PATHS = st.builds(AttrPath, st.none() | st.just("urn:x:2.0:User"), NAMES, st.none() | NAMES)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUES = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | TEXTS
LEAVES = st.builds(Present, PATHS) | st.builds(
    Comparison, PATHS, st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]), VALUES
)


def trees(leaves):
    def grow(inner):
        parts = st.lists(inner, min_size=2, max_size=4)
        return (
            parts.map(lambda each: flat(And, each)) | parts.map(lambda each: flat(Or, each)) | inner.map(Not)
        )

    return st.recursive(leaves, grow, max_leaves=12)


def flat(kind, parts):
    return kind(tuple(x for part in parts for x in (part.parts if isinstance(part, kind) else (part,))))


TREES = trees(LEAVES | st.builds(ValuePath, PATHS.filter(lambda path: path.sub is None), trees(LEAVES)))


def written(tree):
    match tree:
        case Present():
            return f"{tree.path} pr"
        case Comparison():
            return f"{tree.path} {tree.op} {json.dumps(tree.value)}"
        case ValuePath():
            return f"{tree.path}[{written(tree.condition)}]"
        case Not():
            return f"not ({written(tree.part)})"
        case And():
            return " and ".join(f"({written(x)})" if isinstance(x, Or) else written(x) for x in tree.parts)
        case Or():
            return " or ".join(written(x) for x in tree.parts)


@given(TREES)
def test_a_filter_written_down_is_read_back_as_it_was(tree):
    assert parse_filter(written(tree), limits=FilterLimits(length_bytes=10**6)) == tree


def truth(tree, facts):
    if isinstance(tree, Present):
        return facts[tree.path.name]
    if isinstance(tree, Not):
        return not truth(tree.part, facts)
    return (all if isinstance(tree, And) else any)(truth(each, facts) for each in tree.parts)


@given(st.data())
def test_precedence_is_that_of_a_language_everybody_knows(data):
    count = data.draw(st.integers(1, 6))
    facts = {name: data.draw(st.booleans()) for name in "abc"}
    words, python = [], []
    for position in range(count):
        if position:
            joint = data.draw(st.sampled_from(["and", "or"]))
            words.append(joint)
            python.append(joint)
        name = data.draw(st.sampled_from("abc"))
        negated = data.draw(st.booleans())
        words.append(f"not ({name} pr)" if negated else f"{name} pr")
        python.append(f"(not {facts[name]})" if negated else str(facts[name]))
    assert truth(parse_filter(" ".join(words)), facts) is eval(" ".join(python))  # noqa: S307 - our own words


@given(st.text(alphabet='ab .[]()"\\ eqandornotpr1true:\x00é', max_size=40), st.booleans())
def test_any_text_is_read_or_refused(text, bare):
    try:
        parse_filter(text, tolerate_bare_words=bare)
    except InvalidFilter:
        pass
    else:
        assert text.strip()
