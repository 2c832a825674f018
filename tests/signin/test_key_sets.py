import threading
from datetime import timedelta

import pytest

from bridge.errors import ProviderFailed, Untrusted
from bridge.signin.key_sets import KeySets, read_keys
from config.settings import Settings
from tests.signin.provider_double import Told, site
from tests.signin.signing import NOW, ec, ed, public, rsa

CHOSEN = Settings(
    private_providers=True,
    provider_keys_seconds=600,
    provider_refetch_seconds=30,
    provider_keys=5,
    providers_kept=2,
)


class Published:
    """A provider that publishes what the test has it publish."""

    def __init__(self):
        self.keys = [public(rsa())]
        self.changed = {}
        self.fails = False
        self.kept = KeySets(CHOSEN)
        self.site = None

    def __call__(self, asked):
        if self.fails:
            return Told({}, status=503)
        if asked.path == "/keys":
            return Told({"keys": self.keys})
        url = self.site.url
        told = {
            "issuer": url,
            "authorization_endpoint": f"{url}/auth",
            "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/keys",
            "userinfo_endpoint": f"{url}/me",
            "scopes_supported": ["openid"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
        } | self.changed
        return Told({name: value for name, value in told.items() if value is not None})

    def key(self, key_id, seconds=0.0):
        return self.kept.key(self.site.url, key_id, now=NOW + timedelta(seconds=seconds))

    def provider(self, seconds=0.0):
        return self.kept.provider(self.site.url, now=NOW + timedelta(seconds=seconds))

    def refusal(self, key_id, seconds=0.0):
        with pytest.raises((Untrusted, ProviderFailed)) as refused:
            self.key(key_id, seconds)
        return refused.value.reason

    @property
    def reads(self):
        return self.site.count("/keys")


@pytest.fixture
def published():
    answers = Published()
    with site(answers) as there:
        answers.site = there
        yield answers


def test_a_provider_says_where_it_is(published):
    found = published.provider()
    assert found.token_endpoint == f"{published.site.url}/token"
    assert found.end_session_endpoint is None
    assert found.auth_methods == {"client_secret_basic"}
    assert found.has_refresh
    assert not found.names_itself


def test_keys_are_read_once_and_kept(published):
    assert published.key("one") == published.key("one", 599.9)
    assert published.reads == 1


def test_a_withdrawn_key_dies_when_what_is_kept_is_old(published):
    published.key("one")
    published.keys = [public(ec())]
    assert published.key("one", 599)
    assert published.refusal("one", 600) == "unknown_key"


def test_a_new_key_is_found_by_reading_anew(published):
    published.key("one")
    published.keys = [public(ec())]
    assert published.key("curve", 30)
    assert published.refusal("one", 31) == "unknown_key"


def test_unknown_keys_do_not_have_the_provider_asked_without_end(published):
    published.key("one")
    for tenths in range(1, 300):
        assert published.refusal(f"no-{tenths}", tenths / 10) == "unknown_key"
    assert published.reads == 1
    assert published.refusal("no", 30) == "unknown_key"
    assert published.refusal("no", 59.9) == "unknown_key"
    assert published.reads == 2


def test_a_provider_that_fails_is_not_asked_again_at_once(published):
    published.fails = True
    assert [published.refusal("one", second) for second in (0, 1, 29)] == ["provider_status"] * 3
    assert len(published.site.asked) == 1
    published.fails = False
    assert published.key("one", 30)


def test_what_is_old_is_not_believed_because_the_provider_fails(published):
    published.key("one")
    published.fails = True
    assert published.refusal("one", 600) == "provider_status"


def test_a_failure_while_looking_for_a_new_key_leaves_the_known_ones(published):
    published.key("one")
    published.fails = True
    assert published.refusal("two", 40) == "provider_status"
    assert published.key("one", 41)


def test_a_clock_that_was_set_back_has_all_read_anew(published):
    published.key("one")
    assert published.key("one", -5)
    assert published.reads == 2


@pytest.mark.parametrize("issuer", [None, "https://evil.example", 7])
def test_a_configuration_that_names_another_issuer_or_none_is_refused(published, issuer):
    published.changed = {"issuer": issuer}
    assert published.refusal("one") == "other_issuer"


@pytest.mark.parametrize("end", ["/", "/tenant"])
def test_an_issuer_counts_letter_by_letter(published, end):
    with pytest.raises(ProviderFailed):
        published.kept.provider(published.site.url + end, now=NOW)


@pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("value", [None, 7, "ftp://x", "/relative"])
def test_a_configuration_without_its_addresses_is_refused(published, member, value):
    published.changed = {member: value}
    assert published.refusal("one") in {"provider_configuration", "provider_address"}


def test_a_bad_address_is_refused_where_it_is_optional_too(published):
    published.changed = {"end_session_endpoint": "javascript:alert(1)"}
    assert published.refusal("one") == "provider_address"


def test_a_provider_that_names_itself_in_its_answers_is_known_by_it(published):
    published.changed = {"authorization_response_iss_parameter_supported": True, "scopes_supported": 7}
    assert published.provider().names_itself
    assert published.provider().scopes == frozenset()


def test_only_so_many_providers_are_kept(published):
    published.key("one")
    for other in ("http://127.0.0.1:1", "http://127.0.0.1:2"):
        with pytest.raises(ProviderFailed):
            published.kept.provider(other, now=NOW)
    published.key("one")
    assert published.reads == 2


def test_many_who_ask_at_once_have_the_keys_read_once(published):
    threads = [threading.Thread(target=published.key, args=("one",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert published.reads == 1


def ids(*listed):
    return set(read_keys({"keys": list(listed)}, most=5).keys)


def test_keys_of_every_usable_kind_are_read():
    assert ids(public(rsa()), public(ec()), public(ed())) == {"one", "curve", "edwards"}
    assert ids(public(rsa(), use="sig", key_ops=["verify"], x5c=["MII="])) == {"one"}


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "oct", "kid": "one", "k": "c2VjcmV0"},
        {"kty": "new", "kid": "one"},
        {"kty": 7, "kid": "one"},
        {},
        "one",
        None,
        public(rsa(), use="enc"),
        public(rsa(), key_ops=["sign"]),
        public(rsa(), key_ops="verify"),
        public(rsa(), kid=None),
        public(rsa(), kid=""),
        public(rsa(), kid=7),
        rsa().as_dict(private=True),
        public(rsa("small", 1024)),
        public(rsa(), n="AQ"),
        public(rsa(), n=7),
        public(rsa(), n="ä"),
        public(rsa(), e=None),
        public(ec(curve="P-521")),
        public(ec(), x="AQ"),
        public(ed(curve="Ed448")),
        public(ed(), x=None),
    ],
)
def test_a_key_that_cannot_be_used_is_passed_over(key):
    assert ids(key, public(ec("good"))) == {"good"}


def test_two_keys_of_one_id_are_told():
    found = read_keys({"keys": [public(rsa()), public(ec("one"))]}, most=5)
    assert found.doubled == {"one"}
    assert read_keys({"keys": [public(rsa()), public(ec("one"), use="enc")]}, most=5).doubled == set()


def test_a_doubled_key_is_refused_and_not_asked_for_again(published):
    published.keys = [public(rsa()), public(rsa("x"), kid="one")]
    assert published.refusal("one") == "doubled_key"
    assert published.refusal("one", 40) == "doubled_key"
    assert published.reads == 1


@pytest.mark.parametrize("listed", [None, {}, "keys", [public(rsa())] * 6])
def test_what_is_no_list_of_keys_or_too_long_a_one_is_refused(listed):
    with pytest.raises(ProviderFailed):
        read_keys({"keys": listed}, most=5)


def test_as_many_keys_as_the_limit_are_read():
    assert len(read_keys({"keys": [public(ec(str(each))) for each in range(5)]}, most=5).keys) == 5


def test_the_finder_finds_keys_of_its_issuer(published):
    find = published.kept.finder(published.site.url, now=NOW)
    assert find("one").kid == "one"
