"""Looks across rooms: why something is so, whether it still is."""
