"""Nothing about people is forgotten: every field of every model has a policy."""

from django.apps import apps

from youworker.core.data_policies import DataPolicy, ErasureAction
from youworker.data_protection.registry import data_policies, policy_of


def own_fields(model):
    """The fields a model declares itself, many-to-many ones included."""
    for field in model._meta.get_fields():
        if not (field.auto_created and not field.concrete):
            yield field


def unclassified():
    """What nobody has decided about, and decisions about what is not there any more."""
    known = {each.model: each for each in data_policies()}
    present = {model._meta.label: model for model in apps.get_models()}
    problems = [f"{label}: no policy" for label in present if label not in known]
    problems += [f"{label}: no such model" for label in known if label not in present]
    for label in set(known) & set(present):
        problems += problems_of(known[label], present[label])
    return sorted(problems)


def problems_of(policy, model):
    """What is wrong with the policy of one model."""
    fields = {field.name for field in own_fields(model)}
    decided = [*policy.exported, *policy.not_exported]
    label = policy.model
    problems = [f"{label}.{name}: unclassified" for name in fields - set(decided)]
    problems += [f"{label}.{name}: no such field" for name in set(decided) - fields]
    problems += [f"{label}.{name}: two classes" for name in set(decided) if decided.count(name) > 1]
    problems += [f"{label}.{name}: no such field" for name in set(policy.replaced) - fields]
    problems += [
        f"{label}.{name}: no reason" for name, why in policy.not_exported.items() if not why
    ]
    if policy.erasure_action != ErasureAction.ERASED and not policy.reason:
        problems.append(f"{label}: kept without a reason")
    if policy.erasure_action == ErasureAction.ERASED and not policy.is_personal:
        problems.append(f"{label}: no way to its owner")
    if policy.exported and not (policy.file and policy.is_personal):
        problems.append(f"{label}: exported without a file or an owner")
    return problems


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
