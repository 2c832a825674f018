"""The entrance for people who are signed in: who they are, asking again for that, signing out."""

from bridge.web.session import logout, me, refresh, refusals
from bridge.web.session.entrance import blueprint

__all__ = ["blueprint", "logout", "me", "refresh", "refusals"]
