"""Which user an outside identity stands for."""

from concurrent.futures import ThreadPoolExecutor
from unicodedata import normalize

import pytest
from django.db import connections

from accounts.enums import SignInMethod
from accounts.exceptions import IdentityRefused
from accounts.models import LinkedIdentity, User
from accounts.services import user_of_identity
from accounts.services.identities import usable_display_name
from accounts.tests.factories import UserFactory
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
    "changes",
    [
        {"subject": ""},
        {"subject": "x" * 256},
        {"subject": "a\0"},
        {"subject": " "},
        {"subject": "\ud800"},
        {"issuer": "x" * 201},
    ],
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


GIVEN = [
    ("Ada Lovelace", "Ada-Lovelace"),
    ("  Ada   Lovelace ", "Ada-Lovelace"),
    ("Siobhán O'Brien", "Siobhán-OBrien"),
    ("O\u2019Brien", "OBrien"),
    ("Lovelace, Ada", "Lovelace-Ada"),
    ("CORP\\ada", "CORP-ada"),
    ("corp:ada", "corp-ada"),
    ("auth0|5f7c", "auth0-5f7c"),
    ("ada_gmail.com#EXT#@corp.example", "ada_gmail.com-EXT-@corp.example"),
    ("CN=Ada Lovelace,OU=People", "CN-Ada-Lovelace-OU-People"),
    ("ada 🦊", "ada"),
    ("🦊ada🦊", "ada"),
    ("x" * 180, "x" * 150),
    ("ab" * 74 + "a é", "ab" * 74 + "a"),
    ("Jo\u0308rg M\u0303ller", "Jörg-Mller"),
    ("ﬁona lee", "fiona-lee"),
    ("محمد علي", "محمد-علي"),
    ("\u202eada\u202c lovelace", "ada-lovelace"),
    ("a\u200bda lovelace", "ada-lovelace"),
    ("山田 太郎", "山田-太郎"),
    ("ada\0 lovelace", "ada-lovelace"),
    ("ada\ud800 lovelace", "ada-lovelace"),
    ("ada\nlovelace", "ada-lovelace"),
    ("<script>ada</script>", "script-ada-script"),
    ("../../etc/passwd", "etc-passwd"),
    ("\ufdfa" * 100 + " ada", None),
]


@pytest.mark.django_db
@pytest.mark.parametrize("method", [SignInMethod.SSO, SignInMethod.OIDC])
@pytest.mark.parametrize(("given", "made"), GIVEN)
def test_a_name_that_no_user_can_have_becomes_the_nearest_one(given, made, method):
    first = identity(given, subject="s-1", method=method)

    user = user_of_identity(first)

    user.full_clean(exclude=["password"])
    assert made is None or user.username == made
    assert normalize("NFC", user.display_name) == normalize("NFC", usable_display_name(given))
    assert user_of_identity(first) == user


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", ["ada", "Ada.", "-ada-", "a+b@corp.example", "___", "x" * 150, "ß"]
)
def test_a_name_that_a_user_can_have_stays_as_it_is(given):
    user = user_of_identity(identity(given))

    assert (user.username, user.display_name) == (given, "")


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "🦊", "'", " ,;:", "\u200b", "\u0308", "\0", "#" * 500])
def test_whose_name_has_no_letters_is_named_after_what_else_is_known(given):
    said = {"method": SignInMethod.OIDC, "email": "fox@corp.example"}

    by_address = user_of_identity(identity(given, subject="1", email_verified=True, **said))
    by_name = user_of_identity(identity(given, subject="2", display_name="Red Fox", **said))
    by_nothing = user_of_identity(identity(given, subject="3", display_name=given, **said))
    another = user_of_identity(identity(given, subject="4", **said))

    made = [user.username for user in (by_address, by_name, by_nothing, another)]
    assert made == ["fox@corp.example", "Red-Fox", "user", "user-2"]


@pytest.mark.django_db
def test_the_given_name_is_shown_until_the_provider_says_another():
    first = identity("ada lovelace")

    assert user_of_identity(first).display_name == "ada lovelace"
    named = user_of_identity(identity("ada lovelace", display_name="Ada King"))
    assert named.display_name == "Ada King"


@pytest.mark.django_db
@pytest.mark.parametrize("method", [SignInMethod.SSO, SignInMethod.OIDC])
def test_names_that_become_the_same_are_numbered(method):
    given = ["ada lovelace", "ada,lovelace", "ADA:LOVELACE", "ada#lovelace"]

    users = [user_of_identity(identity(name, method=method)) for name in given]

    assert [user.username for user in users] == [
        "ada-lovelace",
        "ada-lovelace-2",
        "ADA-LOVELACE-3",
        "ada-lovelace-4",
    ]
    assert [user.display_name for user in users] == given


@pytest.mark.django_db
def test_many_people_of_one_name_and_long_names_find_room():
    said = {"method": SignInMethod.OIDC}
    users = [user_of_identity(identity("x" * 180, subject=f"{n}", **said)) for n in range(12)]

    names = [user.username for user in users]
    assert len({name.lower() for name in names}) == 12
    assert {len(name) for name in names} == {150}
    assert names[1] == "x" * 148 + "-2"
    assert [user_of_identity(identity("y", subject=f"{n}", **said)) for n in range(12)] == users


@pytest.mark.django_db
@pytest.mark.parametrize("rights", [{}, {"is_staff": True}, {"is_superuser": True}])
@pytest.mark.parametrize("method", [SignInMethod.SSO, SignInMethod.OIDC])
def test_a_made_name_never_opens_the_account_that_has_it(method, rights):
    holder = UserFactory(username="ada-lovelace", email="ada@corp.example", **rights)
    said = {"method": method, "email": holder.email, "email_verified": True}

    user = user_of_identity(identity("ada lovelace", **said))

    assert user != holder
    assert user.username == "ada-lovelace-2"
    assert (user.is_staff, user.is_superuser) == (False, False)


@pytest.mark.django_db
def test_two_people_of_one_provider_may_have_one_name():
    said = {"method": SignInMethod.OIDC, "issuer": "https://one.example"}
    names = ["ada", "Ada", "ADA"]

    users = [user_of_identity(identity(name, subject=name, **said)) for name in names]

    assert [user.username for user in users] == ["ada", "Ada-2", "ADA-3"]
    assert [user.display_name for user in users] == ["", "Ada", "ADA"]


@pytest.mark.django_db
def test_of_two_users_with_the_names_of_an_identity_the_proven_one_is_meant():
    UserFactory(username="ada@corp.example", email="other@corp.example")
    ada = UserFactory(username="ada", email="ada@corp.example")
    said = {"email": "ada@corp.example", "email_verified": True}

    found = user_of_identity(identity("ada", method=SignInMethod.OIDC, **said))

    assert found == ada


@pytest.mark.django_db(transaction=True)
def test_first_visits_of_several_people_at_the_same_moment_make_as_many_users():
    names = ["ada lovelace", "ada,lovelace", "Ada Lovelace", "ada  lovelace"]

    def visit(number):
        try:
            said = {"method": SignInMethod.OIDC, "subject": f"{number}"}
            return user_of_identity(identity(names[number], **said)).username
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(visit, range(4)))

    assert len({name.lower() for name in made}) == 4
    assert User.objects.count() == LinkedIdentity.objects.count() == 4


@pytest.mark.django_db
def test_a_long_name_is_cut_and_made_visible():
    user = user_of_identity(identity(display_name="A\x00d\na " + "x" * 200))

    assert user.display_name == ("A d a " + "x" * 200)[:150]
