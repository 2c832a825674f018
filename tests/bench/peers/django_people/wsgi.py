"""The project's settings, its tables, its application."""

import os
from types import SimpleNamespace
from urllib.parse import urlsplit

import django
from django.conf import settings

DATABASE = urlsplit(os.environ["BENCH_DATABASE"])
BEARER = f"Bearer {os.environ['BENCH_TOKEN']}"


def bearer_only(get_response):
    """Let in whoever shows the token."""

    def middleware(request):
        known = request.headers.get("Authorization") == BEARER
        request.user = SimpleNamespace(is_anonymous=not known, is_authenticated=known)
        return get_response(request)

    return middleware


settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    AUTH_USER_MODEL="django_people.Person",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE.path.lstrip("/"),
            "USER": DATABASE.username,
            "HOST": DATABASE.hostname,
            "PORT": DATABASE.port,
            "CONN_MAX_AGE": None,
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_people", "django_scim"],
    MIDDLEWARE=[f"{__name__}.bearer_only", "django_scim.middleware.SCIMAuthCheckMiddleware"],
    ROOT_URLCONF="django_people.urls",
    SCIM_SERVICE_PROVIDER={
        "NETLOC": "127.0.0.1",
        "SCHEME": "http",
        "GROUP_MODEL": "django_people.models.Team",
        "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "bearer", "description": "a token"}],
    },
    SECRET_KEY="only for the bench",
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402 - Django's commands ask for its settings
from django.core.wsgi import get_wsgi_application  # noqa: E402 - as above

call_command("migrate", run_syncdb=True, verbosity=0)
application = get_wsgi_application()
