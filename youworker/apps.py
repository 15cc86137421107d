"""The composition root as a Django app: it brings the operator's commands."""

from django.apps import AppConfig


class YouWorkerConfig(AppConfig):
    """Makes sure that tasks are bound to our Celery application in every process."""

    name = "youworker"

    def ready(self) -> None:
        import youworker.celery  # noqa: PLC0415 -- needs the loaded settings
        import youworker.schema  # noqa: F401, PLC0415
