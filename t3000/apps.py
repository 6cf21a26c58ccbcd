from django.apps import AppConfig


class T3000Config(AppConfig):
    name = "t3000"
    verbose_name = "T3000"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # @shared_task finds its broker only where the app is loaded, in the web process too.
        from t3000 import (
            celery,  # noqa: F401  the one permitted import of a root module
            checks,  # noqa: F401  registers itself
        )
