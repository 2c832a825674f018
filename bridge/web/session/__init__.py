"""The entrance for people who are signed in: who they are, and signing out."""

from bridge.web.session import logout, me, refusals
from bridge.web.session.entrance import blueprint

__all__ = ["blueprint", "logout", "me", "refusals"]
