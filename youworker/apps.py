"""The composition root as a Django app: it brings the operator's commands, and connects rooms."""

from django.apps import AppConfig


class YouWorkerConfig(AppConfig):
    """Binds tasks to our Celery application, and tells the audit log of refusals."""

    name = "youworker"

    def ready(self) -> None:
        import youworker.audit.admin  # noqa: PLC0415 -- its package is no app
        import youworker.celery  # noqa: PLC0415 -- needs the loaded settings
        import youworker.core.api.schema  # noqa: F401, PLC0415
        from youworker.audit.denials import note_denial  # noqa: PLC0415
        from youworker.backup import figures as figures_of_backups  # noqa: PLC0415
        from youworker.backup import health as of_backups  # noqa: PLC0415
        from youworker.core.request_context import access_denied  # noqa: PLC0415
        from youworker.webhooks import health as of_webhooks  # noqa: PLC0415

        access_denied.connect(note_denial)
        of_backups.register()
        of_webhooks.register()
        figures_of_backups.register()
