"""What Redis holds about somebody goes with them, and nothing of others."""

import pytest

from accounts.services import grant_of
from accounts.tests.factories import UserFactory
from accounts.tickets import issue_ticket, redeem_ticket
from youworker.data_protection.erasure_steps import forget_user


@pytest.mark.django_db
def test_tickets_go_with_their_user():
    ada, ben = UserFactory(), UserFactory()
    gone, kept = issue_ticket(grant_of(ada)), issue_ticket(grant_of(ben))

    assert forget_user(ada.pk) == 1

    assert redeem_ticket(gone) is None
    assert redeem_ticket(kept).user == ben
