"""Model fields whose database value is ciphertext bound to the row and the field."""

from __future__ import annotations

import logging
from typing import Any, cast

import orjson
from django.db import models

from youworker.encryption.crypto import Undecryptable, decrypt, encrypt, renewed

logger = logging.getLogger(__name__)

DAMAGED_TEXT = "[damaged: this content cannot be decrypted]"


class Ciphertext(str):
    """A value as the database has it."""

    __slots__ = ()


class Damaged(str):
    """What is shown for undecryptable content; keeps the token so that saving loses nothing."""

    token: str

    def __new__(cls, token: str) -> Damaged:
        shown = super().__new__(cls, DAMAGED_TEXT)
        shown.token = token
        return shown


class DecryptOnRead:
    """Decrypts on first access, when the row's id is known."""

    def __init__(self, field: EncryptedTextField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if isinstance(value, Ciphertext):
            value = instance.__dict__[name] = self.field.open(value, instance)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField[str, str]):
    """Text that is stored encrypted. Cannot be filtered, ordered or set by `update()`."""

    def contribute_to_class(
        self,
        cls: type[models.Model],
        name: str,
        private_only: bool = False,  # noqa: FBT001, FBT002 -- Django's signature
    ) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, DecryptOnRead(self))

    def context(self, instance: models.Model) -> str:
        """What the ciphertext is bound to: table, column and row."""
        return f"{instance._meta.db_table}.{self.column}:{instance.pk}"

    def open(self, token: str, instance: models.Model) -> Any:
        """The readable value of a stored token, or `Damaged`."""
        if token == "":
            return ""
        try:
            return self.loads(decrypt(token, context=self.context(instance)))
        except (Undecryptable, ValueError):
            logger.exception("undecryptable content in %s", self.context(instance))
            return Damaged(token)

    def seal(self, value: Any, instance: models.Model) -> Ciphertext:
        """The token that is stored for a value; the empty text stays empty."""
        if isinstance(value, (Ciphertext, Damaged)):
            return self.reseal(value.token if isinstance(value, Damaged) else value)
        text = self.dumps(value)
        return Ciphertext(encrypt(text, context=self.context(instance)) if text else "")

    def reseal(self, token: str) -> Ciphertext:
        """The token to write back unread: never one of an older key, whose days may be counted."""
        try:
            return Ciphertext(renewed(token)[0] if token else "")
        except Undecryptable:
            return Ciphertext(token)

    def dumps(self, value: Any) -> str:
        """The text to encrypt."""
        return cast("str", value)

    def loads(self, text: str) -> Any:
        """The value of a decrypted text."""
        return text

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 -- Django's
        value = model_instance.__dict__.get(self.attname)
        return None if value is None else self.seal(value, model_instance)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else Ciphertext(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> Any:
        # Plain text must never reach the database through a filter or an update.
        if value is not None and value != "" and not isinstance(value, Ciphertext):
            raise TypeError(f"{self.name} is encrypted: set it on an instance and save that.")
        return None if value is None else str(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return self.get_prep_value(value)


class EncryptedJSONField(EncryptedTextField):
    """A JSON value that is stored encrypted."""

    def dumps(self, value: Any) -> str:
        return orjson.dumps(value).decode()

    def loads(self, text: str) -> Any:
        return orjson.loads(text)
