"""Nothing about people is forgotten: every field of every model has a policy."""

from django.apps import apps

from youworker.core.data_policies import DataPolicy, ErasureAction
from youworker.data_protection.registry import data_policies, policy_of, problems_of, unclassified


def test_every_field_of_every_model_has_a_treatment():
    assert unclassified() == []


def test_a_new_field_and_a_vanished_one_are_named():
    model = apps.get_model("groups", "Membership")
    known = policy_of(model)
    stale = DataPolicy(
        known.model,
        owners=known.owners,
        file=known.file,
        exported=("id", "group", "created_at", "updated_at", "shoe_size"),
        not_exported={"user": ""},
        erasure_action=ErasureAction.KEPT,
    )

    assert problems_of(stale, model) == [
        "groups.Membership.role: unclassified",
        "groups.Membership.shoe_size: no such field",
        "groups.Membership.user: no reason",
        "groups.Membership: kept without a reason",
    ]


def test_every_file_of_the_package_has_one_source():
    files = [each.file for each in data_policies() if each.file]

    assert len(files) == len(set(files))
