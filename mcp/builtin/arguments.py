"""What built-in tools are called with, checked against the annotations of their functions."""

from __future__ import annotations

import inspect
import json
import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, ValidationError, create_model

from youworker.core.words import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Arguments(BaseModel):
    """The arguments of one function."""

    def as_keywords(self) -> dict[str, Any]:
        """The checked values by the names of the function's parameters."""
        fields = type(self).model_fields.items()
        return {about.alias or name: getattr(self, name) for name, about in fields}


def arguments_of(function: Callable[..., Any]) -> type[Arguments]:
    """A model of the parameters of a function."""
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        if callable(getattr(BaseModel, name, None)):
            # A field may not be called as a method of its model is.
            fields[f"field_{name}"] = (Annotated[parameter.annotation, Field(alias=name)], default)
        else:
            fields[name] = (parameter.annotation, default)
    return create_model(f"{function.__name__}Arguments", __base__=Arguments, **fields)


def without_encoded(model: type[Arguments], given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments, with lists and objects that a model has sent as JSON inside a text."""
    texts = {about.alias or name for name, about in model.model_fields.items() if is_text(about)}
    return {name: value if name in texts else decoded(value) for name, value in given.items()}


def is_text(about: Any) -> bool:
    """Whether a field takes a text and nothing else."""
    return about.annotation is str


def decoded(value: Any) -> Any:
    """What stands in a text as JSON, if that is a list, an object, or null."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return value if isinstance(found, str | int | float) else found


def faults_in(error: ValidationError) -> dict[str, Sentence]:
    """What is wrong with the arguments of a call, by the English words for it."""
    found = [fault_of(each) for each in error.errors(include_url=False, include_input=False)]
    return {each.in_english(): each for each in found}


def fault_of(found: Any) -> Sentence:
    """What is wrong with one argument."""
    name = ".".join(map(str, found["loc"]))
    if found["type"] == "missing":
        return Sentence("The argument `%(name)s` is missing.", {"name": name})
    reason = re.sub(r"^Input should", "it should", found["msg"])
    about = {"name": name, "reason": reason}
    return Sentence("The argument `%(name)s` is not right: %(reason)s.", about)
