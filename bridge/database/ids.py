"""Identifiers that sort by the instant of their making."""

import secrets
from datetime import datetime

VERSION_7 = 0x7
VARIANT = 0b10


def new_id(now: datetime) -> str:
    """Return a UUID of version 7 (RFC 9562 section 5.7): milliseconds of ``now``, then 74 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    value = (
        milliseconds << 80
        | VERSION_7 << 76
        | secrets.randbits(12) << 64
        | VARIANT << 62
        | secrets.randbits(62)
    )
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
