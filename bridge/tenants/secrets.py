"""Sealing of secrets and of personal data at rest, with keys that can be rotated."""

import base64
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bridge.errors import Misconfigured

KEY_BYTES = 32


class Seal:
    """Seals and digests under the operator's keys: the newest writes, all of them read.

    From each key two are derived (HKDF, RFC 5869): one encrypts, one digests; neither tells the other.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise Misconfigured("there is no secret key: set BRIDGE_SECRET_KEY")
        derived = [_derive(key, b"seal") for key in keys]
        boxes = [Fernet(base64.urlsafe_b64encode(key)) for key in derived]
        self._newest, self._box = boxes[0], MultiFernet(boxes)
        self._digest_keys = [_derive(key, b"digest") for key in keys]

    def seal(self, plain: bytes) -> bytes:
        """Encrypt and authenticate (Fernet)."""
        return self._box.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises ``Misconfigured`` when no present key made it."""
        try:
            return self._box.decrypt(sealed)
        except InvalidToken as error:
            raise Misconfigured(
                "a sealed value was made with a key that BRIDGE_SECRET_KEY does not list; add it at the end"
            ) from error

    def renewed(self, sealed: bytes) -> bytes | None:
        """Return a sealed value under the newest key; None where it is sealed so. Raises as ``open`` does."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return self._box.encrypt(self.open(sealed))
        return None

    def mark(self) -> str:
        """Return what tells the newest key from all others, and tells nobody the key."""
        return self.digest("seal: the newest key")

    def digest(self, text: str) -> str:
        """Return the keyed digest under the newest key, for storing (HMAC-SHA-256, hexadecimal)."""
        return self.digests(text)[0]

    def digests(self, text: str) -> tuple[str, ...]:
        """Return the digests under all keys, newest first, for looking up."""
        return tuple(hmac.digest(key, text.encode(), "sha256").hex() for key in self._digest_keys)


def _derive(key: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"bridge " + purpose).derive(
        key.encode()
    )
