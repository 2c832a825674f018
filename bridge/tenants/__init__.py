"""Customers, their connections to identity providers, hashed tokens, sealed secrets."""
