"""The Celery application and beat's clock: what runs how often."""

import os
from datetime import timedelta

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "t3000.settings")

app = Celery("t3000")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # in every thread, also in those of the web server
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # A message older than its period is worth nothing: the next one does the same.
    "tick": {
        "task": "devices.tasks.tick",
        "schedule": timedelta(seconds=1),
        "options": {"expires": 1},
    },
    "sweep": {
        "task": "t3000.sweep_silent",
        "schedule": timedelta(seconds=1),
        "options": {"expires": 1},
    },
}


@app.task(name="t3000.sweep_silent")
def sweep_silent() -> None:
    """Marks what nobody reads any more as stale, whatever became of the pollers."""
    from t3000 import field  # models: the app registry is not ready when this module loads

    field.sweep_silent()
