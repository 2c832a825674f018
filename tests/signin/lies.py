"""Ways of lying about one thing while somebody signs in."""

from collections.abc import Callable

from werkzeug.test import TestResponse

from tests.signin.conftest import NOW
from tests.signin.malicious import CLIENT
from tests.signin.provider_double import Told
from tests.signin.signing import claims, encoded, joined, public, rsa, signed, symmetric
from tests.signin.stage import Play


def lying(**changed: object) -> Callable[[Play], TestResponse]:
    """Have the ID token say something else; None leaves a claim out."""

    def play_it(play: Play) -> TestResponse:
        play.provider.claims = changed
        return play.sign_in()

    return play_it


def headed(**changed: object) -> Callable[[Play], TestResponse]:
    def play_it(play: Play) -> TestResponse:
        play.provider.header = changed
        return play.sign_in()

    return play_it


def answering(**changed: object) -> Callable[[Play], TestResponse]:
    def play_it(play: Play) -> TestResponse:
        play.provider.answer = changed
        return play.sign_in()

    return play_it


def telling(what: str, told: Told) -> Callable[[Play], TestResponse]:
    """Have an endpoint answer something that it must not, from when the browser is away on."""

    def play_it(play: Play) -> TestResponse:
        begun = play.start()
        play.provider.told = {what: told}
        return play.back(state=begun["state"], code=play.provider.code(begun))

    return play_it


def returning(**changed: str | None) -> Callable[[Play], TestResponse]:
    return lambda play: play.sign_in(**changed)


def with_token(make: Callable[[Play, dict[str, str]], str]) -> Callable[[Play], TestResponse]:
    def play_it(play: Play) -> TestResponse:
        begun = play.start()
        play.provider.id_token = make(play, begun)
        return play.back(state=begun["state"], code=play.provider.code(begun))

    return play_it


def good(play: Play, begun: dict[str, str]) -> dict[str, object]:
    return claims(NOW, iss=play.provider.issuer, aud=CLIENT, nonce=begun["nonce"])


def with_the_public_key_as_a_secret(play: Play, begun: dict[str, str]) -> str:
    return symmetric(good(play, begun), rsa().as_pem(private=False), "HS256")


def with_the_client_secret(play: Play, begun: dict[str, str]) -> str:
    return symmetric(good(play, begun), b"s3cret+/=", "HS256")


def unsigned(play: Play, begun: dict[str, str]) -> str:
    header = {"alg": "none", "kid": "one"}
    return joined(header, good(play, begun), b"") + encoded(b"x")


def unsigned_and_cut(play: Play, begun: dict[str, str]) -> str:
    return joined({"alg": "none"}, good(play, begun), b"")


def with_its_own_key(play: Play, begun: dict[str, str]) -> str:
    return signed(good(play, begun), rsa("stranger"), kid="stranger", jwk=public(rsa("stranger")))


def with_a_strangers_key(play: Play, begun: dict[str, str]) -> str:
    return signed(good(play, begun), rsa("stranger"), kid="one")


def changed_after_signing(play: Play, begun: dict[str, str]) -> str:
    header, _, signature = signed(good(play, begun)).split(".")
    _, payload, _ = signed({**good(play, begun), "sub": "00u2"}).split(".")
    return f"{header}.{payload}.{signature}"


def encrypted(play: Play, begun: dict[str, str]) -> str:
    return ".".join([encoded(b'{"alg":"RSA-OAEP","enc":"A128GCM"}'), "AA", "AA", "AA", "AA"])
