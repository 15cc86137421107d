"""`create_api_key`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import services
from accounts.models import ApiKey
from accounts.tests.factories import UserFactory


def run(*arguments):
    output = StringIO()
    call_command("create_api_key", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.django_db
def test_create_api_key_prints_only_a_key_that_works():
    user = UserFactory(username="ada")

    printed = run("ada", "--name", "script", "--scopes", "chat,documents.read")

    found, key = services.user_of_key(printed.strip())
    assert printed.count("\n") == 1
    assert found == user
    assert (key.name, key.scopes) == ("script", ["chat", "documents.read"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nobody", "--name", "n", "--scopes", "chat"], "no active user 'nobody'"),
        (["gone", "--name", "n", "--scopes", "chat"], "no active user 'gone'"),
        (["ada", "--name", "n", "--scopes", "chat,root"], "no scope root"),
        (["ada", "--name", "n", "--scopes", " , "], "may not be empty"),
        (["ada", "--name", " ", "--scopes", "chat"], "may not be empty"),
        (["ada", "--name", "n", "--scopes", "admin"], "staff only"),
        (["ada", "--name", "n", "--scopes", "chat", "--days", "-1"], "in the past"),
        (["ada", "--name", "n", "--scopes", "chat", "--days", "999999999"], "too large"),
    ],
)
def test_create_api_key_refuses_in_one_line(arguments, complaint):
    UserFactory(username="ada")
    UserFactory(username="gone", is_active=False)

    with pytest.raises(CommandError, match=complaint):
        run(*arguments)

    assert not ApiKey.objects.exists()


@pytest.mark.django_db
def test_create_api_key_rotates_the_keys_of_that_name():
    UserFactory(username="ada")
    arguments = ["ada", "--scopes", "chat", "--name"]
    first, second, other = run(*arguments, "n"), run(*arguments, "n"), run(*arguments, "other")

    printed = run(*arguments, "n", "--rotate")

    works = [services.user_of_key(key.strip()) for key in (first, second, other, printed)]
    assert printed.count("\n") == 1
    assert [found is not None for found in works] == [False, False, True, True]


@pytest.mark.django_db
def test_a_refused_rotation_revokes_nothing():
    UserFactory(username="ada")
    first = run("ada", "--scopes", "chat", "--name", "n")

    with pytest.raises(CommandError, match="no scope root"):
        run("ada", "--scopes", "root", "--name", "n", "--rotate")

    assert services.user_of_key(first.strip()) is not None
