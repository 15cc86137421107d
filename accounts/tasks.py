"""Daily tidying up of sessions."""

from celery import shared_task


@shared_task
def forget_expired_sessions() -> None:
    """Remove sessions that ran out."""
    from accounts import services  # noqa: PLC0415 -- task leaf

    services.forget_expired_sessions()
