"""A minimal Django project that serves people by django-scim2."""
