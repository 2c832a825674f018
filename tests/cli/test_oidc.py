"""Commands on signing in by OpenID Connect."""

import pytest

from tests.signin.signing import ec


def test_settings_are_made_with_a_secret_of_a_file_and_shown_without_it(terminal, connection, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    said = terminal.run(
        "oidc", "set", connection, "--issuer", "https://idp.example", "--client-id", "bridge",
        "--client-secret-file", str(secret), "--jit", "link-only", "--scope", "openid", "--scope", "groups",
    )  # fmt: skip
    assert f"/login/{connection}" in said
    shown = terminal.read("oidc", "show", connection)
    assert (shown["issuer"], shown["proof"], shown["jit"]) == ("https://idp.example", "secret", "link-only")
    assert shown["scopes"] == ["openid", "groups"]
    assert "s3cret" not in str(shown)
    key = tmp_path / "key.pem"
    key.write_bytes(ec().as_pem(private=True))
    words = ("--issuer", "https://idp.example", "--client-id", "bridge", "--private-key-file", str(key))
    terminal.run("oidc", "set", connection, *words)
    assert terminal.read("oidc", "show", connection)["proof"] == "private_key"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--issuer", "http://idp.example"), "https://"),
        (("--issuer", "https://idp.example", "--scope", "profile"), "openid"),
    ],
)
def test_settings_that_cannot_be_are_refused(terminal, connection, words, told):
    terminal.run("oidc", "set", connection, "--client-id", "bridge", *words)
    assert terminal.code == 2
    assert told in terminal.err


def test_nobody_is_linked_who_is_not_there_and_nobody_was_refused_yet(terminal, connection):
    terminal.run("oidc", "set", connection, "--issuer", "https://idp.example", "--client-id", "bridge")
    terminal.run("oidc", "link", connection, "nobody", "00u1")
    assert terminal.code == 2
    assert "no person nobody" in terminal.err
    terminal.run("oidc", "show", "none")
    assert terminal.code == 2


def test_the_claim_of_groups_is_the_presets_another_one_or_none(terminal, connection):
    words = ("oidc", "set", connection, "--issuer", "https://idp.example", "--client-id", "bridge")
    given = (
        (("--preset", "okta"), ("groups", False)),
        (("--preset", "okta", "--group-claim", "teams", "--groups-from-userinfo"), ("teams", True)),
        (("--preset", "okta", "--group-claim", ""), (None, False)),
        (("--preset", "generic"), (None, False)),
    )
    for more, expected in given:
        terminal.run(*words, *more)
        shown = terminal.read("oidc", "show", connection)
        assert (shown["group_claim"], shown["groups_from_userinfo"]) == expected
