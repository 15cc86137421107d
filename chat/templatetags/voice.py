"""Whether there is anybody who hears and speaks."""

from __future__ import annotations

from django import template

from youworker.core.config import config
from youworker.speech import configured

register = template.Library()


@register.simple_tag
def can_hear() -> bool:
    """Whether questions may be spoken."""
    return configured.can_hear()


@register.simple_tag
def can_speak() -> bool:
    """Whether answers can be read aloud."""
    return configured.can_speak()


@register.simple_tag
def longest_question() -> int:
    """The seconds a spoken question may take."""
    return config.speech.max_seconds
