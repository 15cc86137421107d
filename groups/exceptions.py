"""What groups may refuse with."""

from youworker.core.exceptions import Conflict, Forbidden


class GroupNameExists(Conflict):
    """A living group has this name."""

    code = "group_name_exists"


class MembershipExists(Conflict):
    """The user is a member already."""

    code = "membership_exists"


class LastAdmin(Conflict):
    """Nobody would be left to manage the group."""

    code = "last_admin"


class NotGroupAdmin(Forbidden):
    """The caller is a member, and only admins may do this."""

    code = "not_group_admin"


class ServiceAccountBound(Conflict):
    """A service account stays an ordinary member of its group until it is removed."""

    code = "service_account"


class TooManyServiceAccounts(Conflict):
    """The group has as many service accounts as it may."""

    code = "too_many_service_accounts"


class LegalHoldInForce(Conflict):
    """What is held may not be removed for good."""

    code = "legal_hold"
