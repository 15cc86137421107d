"""Daily tidying up of sessions."""

from celery import shared_task

from accounts import services


@shared_task
def forget_expired_sessions() -> None:
    """Remove sessions that ran out."""
    services.forget_expired_sessions()
