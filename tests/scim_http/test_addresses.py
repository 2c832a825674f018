import pytest

from bridge.web.scim.addresses import put_right


@pytest.mark.parametrize(
    ("path", "query", "meant"),
    [
        ("/scim/v2/", "aadOptscim062020/Users", ("/scim/v2/Users", "aadOptscim062020")),
        ("/scim/v2", "AADOPTSCIM062020=/Users/1", ("/scim/v2/Users/1", "AADOPTSCIM062020=")),
        (
            "/scim/v2/",
            'aadOptscim062020/Users?filter=userName+eq+"a/b"&count=1',
            ("/scim/v2/Users", 'aadOptscim062020&filter=userName+eq+"a/b"&count=1'),
        ),
        ("/scim/v2//Users", "", ("/scim/v2/Users", "")),
        ("/scim/v2/Users/", "aadOptscim062020", ("/scim/v2/Users/", "aadOptscim062020")),
        ("/scim/v2/Users", 'filter=userName eq "a/b"', ("/scim/v2/Users", 'filter=userName eq "a/b"')),
    ],
)
def test_an_address_is_read_as_it_was_meant(path, query, meant):
    assert put_right(path, query) == meant


def test_a_client_with_a_glued_base_address_is_answered(idp):
    idp.create(userName="ada")
    for path in ('/?aadOptscim062020/Users?filter=userName eq "ada"', '//Users?filter=userName eq "ada"'):
        answer = idp.get(path)
        assert answer.status_code == 200
        assert answer.json["totalResults"] == 1
