"""People as django-scim2 wants them stored."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Person(AbstractSCIMUserMixin, AbstractBaseUser):
    """A person with the columns that the library's adapter reads."""

    username = models.CharField(max_length=254, unique=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    USERNAME_FIELD = "username"

    class Meta:
        app_label = "django_people"


class Team(AbstractSCIMGroupMixin):
    """A group; no measurement has any, but the adapter of people asks for theirs."""

    name = models.CharField(max_length=254, unique=True)
    user_set = models.ManyToManyField(Person, related_name="scim_groups")

    class Meta:
        app_label = "django_people"
