"""The Celery application: the broker only wakes workers, PostgreSQL says what is to be done."""

from celery import Celery

from youworker.common.correlation import connect_celery

app = Celery("youworker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
connect_celery()
