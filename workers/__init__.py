"""Celery: when things run. What they do is told in the bridge."""
