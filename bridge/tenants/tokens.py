"""The text form of tokens: a prefix by which secret scanners know them, 256 random bits, a checksum."""

import secrets
import zlib

TOKEN_BYTES = 32
CHECKSUM_CHARACTERS = 8
PREFIXES = {
    "scim_token": "bridge_scim_",
    "api_key": "bridge_api_",
    "oauth_client": "bridge_client_",
    "oauth_token": "bridge_oauth_",
    "okta_hook": "bridge_okta_",
}


def new_token(kind: str) -> str:
    """Return a new secret of a kind of credential."""
    body = PREFIXES[kind] + secrets.token_urlsafe(TOKEN_BYTES)
    return body + _checksum(body)


def is_well_formed(token: str, kind: str) -> bool:
    """Tell whether the text can be a token of that kind at all, before any look into the database."""
    body, checksum = token[:-CHECKSUM_CHARACTERS], token[-CHECKSUM_CHARACTERS:]
    return token.isascii() and body.startswith(PREFIXES[kind]) and checksum == _checksum(body)


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
