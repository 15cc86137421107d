"""Which user an outside identity stands for."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from accounts.enums import SignInMethod
from accounts.exceptions import IdentityRefused
from accounts.models import LinkedIdentity, User
from accounts.services import user_of_identity
from accounts.types import Identity


def identity(username="ada", **changes):
    said = {"method": SignInMethod.SSO, "issuer": "proxy", "subject": username.lower()}
    return Identity(**{**said, "username": username, **changes})


@pytest.mark.django_db(transaction=True)
def test_first_visits_at_the_same_moment_make_one_user():
    def visit(username):
        try:
            return user_of_identity(identity(username)).pk
        except IdentityRefused:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(visit, ["ada", "Ada", "ADA", "ada"]))

    user = User.objects.get()
    assert found - {None} == {user.pk}
    assert LinkedIdentity.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes", [{"subject": ""}, {"subject": "x" * 256}, {"subject": "a\0"}, {"issuer": "x" * 201}]
)
def test_subjects_that_no_row_can_hold_are_refused(changes):
    with pytest.raises(IdentityRefused):
        user_of_identity(identity(**changes))


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["x", "a\0@b.example", "a@b", "a" * 250 + "@corp.example", ""])
def test_addresses_that_are_none_are_left_out(email):
    assert user_of_identity(identity(email=email)).email == ""


@pytest.mark.django_db
def test_the_same_subject_of_another_issuer_is_somebody_else():
    said = {"method": SignInMethod.OIDC, "subject": "1"}
    ada = user_of_identity(identity("ada", issuer="https://one.example", **said))
    bob = user_of_identity(identity("bob", issuer="https://two.example", **said))

    assert ada != bob


@pytest.mark.django_db
def test_a_long_name_is_cut_and_made_visible():
    user = user_of_identity(identity(display_name="A\x00d\na " + "x" * 200))

    assert user.display_name == ("A d a " + "x" * 200)[:150]
