"""Nothing about people is forgotten: every field of every model has a treatment."""

from django.apps import apps

from youworker.core.data_policies import Fate, Treatment
from youworker.data_protection.registry import problems_of, treatment_of, treatments, unclassified


def test_every_field_of_every_model_has_a_treatment():
    assert unclassified() == []


def test_a_new_field_and_a_vanished_one_are_named():
    model = apps.get_model("groups", "Membership")
    known = treatment_of(model)
    stale = Treatment(
        known.model,
        owners=known.owners,
        file=known.file,
        exported=("id", "group", "created_at", "updated_at", "shoe_size"),
        withheld={"user": ""},
        fate=Fate.KEPT,
    )

    assert problems_of(stale, model) == [
        "groups.Membership.role: unclassified",
        "groups.Membership.shoe_size: no such field",
        "groups.Membership.user: no reason",
        "groups.Membership: kept without a reason",
    ]


def test_every_file_of_the_package_has_one_source():
    files = [each.file for each in treatments() if each.file]

    assert len(files) == len(set(files))
