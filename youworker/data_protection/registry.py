"""Every model and field with its policy, and the rows of one user in each of them."""

from __future__ import annotations

from functools import cache, reduce
from importlib import import_module
from importlib.util import find_spec
from operator import or_
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Q

from youworker.core.data_policies import DataPolicy, ErasureAction
from youworker.data_protection import third_party

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from django.db.models import Field, Model, QuerySet


@cache
def data_policies() -> tuple[DataPolicy, ...]:
    """What `third_party` and every app with a `privacy` module declare."""
    found = list(third_party.DATA_POLICIES)
    for app in apps.get_app_configs():
        name = f"{app.name}.privacy"
        if app.name in {"youworker", "youworker.core"} or find_spec(name) is None:
            continue
        found += getattr(import_module(name), "DATA_POLICIES", ())
    return tuple(found)


def policy_of(model: type[Model]) -> DataPolicy:
    """The policy of one model."""
    return next(each for each in data_policies() if each.model == model._meta.label)


def model_of(policy: DataPolicy) -> type[Model]:
    """The class a policy is about."""
    return apps.get_model(policy.model)


def own_fields(model: type[Model]) -> Iterator[Field[Any, Any]]:
    """The fields a model declares itself, many-to-many ones included."""
    for field in model._meta.get_fields():
        if not (field.auto_created and not field.concrete):
            yield field  # type: ignore[misc]


def unclassified() -> list[str]:
    """What nobody has decided about, and decisions about what is not there any more."""
    known = {each.model: each for each in data_policies()}
    present = {model._meta.label: model for model in apps.get_models()}
    problems = [f"{label}: no policy" for label in present if label not in known]
    problems += [f"{label}: no such model" for label in known if label not in present]
    for label in set(known) & set(present):
        problems += problems_of(known[label], present[label])
    return sorted(problems)


def problems_of(policy: DataPolicy, model: type[Model]) -> list[str]:
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


def rows_of(policy: DataPolicy, user_id: UUID) -> QuerySet[Any]:
    """One user's rows of a model, hidden ones included."""
    lookups = [Q(**{path: user_id}) for path in policy.owners]
    lookups += [Q(**{path: str(user_id)}) for path in policy.texts]
    # The default manager hides deleted rows.
    rows: QuerySet[Any] = model_of(policy)._base_manager.all()  # noqa: SLF001
    return rows.filter(reduce(or_, lookups))


def personal_policies() -> list[DataPolicy]:
    """The policies of models whose rows belong to somebody."""
    return [each for each in data_policies() if each.is_personal]


def erasing_policies() -> list[DataPolicy]:
    """The policies of models whose rows go with their owner."""
    return [each for each in personal_policies() if each.erasure_action == ErasureAction.ERASED]
