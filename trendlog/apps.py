from django.apps import AppConfig


class TrendlogConfig(AppConfig):
    name = "trendlog"
    verbose_name = "Trend logs"
    default_auto_field = "django.db.models.BigAutoField"
