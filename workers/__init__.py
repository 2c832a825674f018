"""Celery: when things run, while what they do is told in the bridge."""
