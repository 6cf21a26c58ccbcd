"""Django settings, read from the environment. Nonsense stops the start.

With nothing set everything lives in `var/`: SQLite, the secret key, an in-memory broker.
DATABASE_URL and REDIS_URL make it PostgreSQL and Redis. docs/settings.md lists all variables.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from t3000 import environment

BASE_DIR = Path(__file__).resolve().parent.parent

DATA_DIR = Path(environment.text("T3000_DATA_DIR", str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _secret_key(path: Path) -> str:
    """The key beside the data, made on the first start. Whoever reads it can forge sessions."""
    try:
        with open(path, "x", encoding="ascii", opener=_private) as file:
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 50:
        raise ImproperlyConfigured(f"{path} is damaged: delete it, everybody then signs in anew.")
    return key


SECRET_KEY = environment.text("T3000_SECRET_KEY") or _secret_key(DATA_DIR / "secret_key")
# Of the stored secrets. `manage.py prepare` makes the file: only the database knows whether there
# should be one.
ENCRYPTION_KEYS = environment.encryption_keys("T3000_ENCRYPTION_KEY")
ENCRYPTION_KEY_FILE = DATA_DIR / "encryption_key"
DEBUG = False
ALLOWED_HOSTS = environment.hosts("T3000_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = environment.origins("T3000_TRUSTED_ORIGINS")
HTTPS = environment.flag("T3000_HTTPS")
BEHIND_PROXY = environment.flag("T3000_PROXY")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_htmx",
    "drf_spectacular",
    "devices",
    "t3000",
    "trendlog",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "devices.middleware.record_actor",
]

ROOT_URLCONF = "t3000.urls"
ASGI_APPLICATION = "t3000.asgi.application"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "t3000.views.shell.shell",
            ],
            "builtins": ["t3000.templatetags.shell"],
        },
    }
]

SQLITE = {"ENGINE": environment.SQLITE, "NAME": DATA_DIR / "t3000.sqlite3"}
DATABASE: dict[str, Any] = environment.database("DATABASE_URL") or SQLITE
if DATABASE["ENGINE"] == environment.SQLITE:
    # SQLite would make it, and what it keeps beside it, for everybody to read.
    with suppress(OSError), open(DATABASE["NAME"], "xb", opener=_private):  # or it is there
        pass
    DATABASE["OPTIONS"] = {
        # A deferred transaction that turns into a writer fails at once when another writes.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
        ),
    }
else:
    # Every request has a thread of its own, which would take a kept connection with it.
    DATABASE |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
    DATABASE["OPTIONS"] = {
        "application_name": "t3000",
        "connect_timeout": 5,
        "keepalives_idle": 30,  # a server that vanished without a word is noticed ...
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,  # ... also while we wait for it to take what we sent
        **DATABASE.get("OPTIONS", {}),
    }
DATABASES = {"default": DATABASE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.redis("REDIS_URL")
REDIS_PREFIX = environment.text("T3000_REDIS_PREFIX", "t3000")
if REDIS_URL:
    CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": f"{REDIS_PREFIX}:channels"},
        }
    }
    CACHES: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": f"{REDIS_PREFIX}:cache",
            "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
        }
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "global_keyprefix": f"{REDIS_PREFIX}:celery:",
        # All of a queue's commands before any of its polls.
        "queue_order_strategy": "priority",
        "priority_steps": [0, 9],
        # What a dead worker had taken and not begun: everything short has expired by then, and
        # nothing that merely waits its turn is delivered twice.
        "visibility_timeout": 600,
        "socket_connect_timeout": 2,
        "socket_timeout": 10,
        "socket_keepalive": True,
        # Whoever sends a message hears at once that the broker is away; workers wait for it.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {
                "MAX_ENTRIES": 10_000
            },  # what is counted of strangers must not be pushed out
        }
    }
    CELERY_BROKER_URL = "memory://localhost/"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.05}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_DEFAULT_PRIORITY = 9  # the last; commands are sent with 0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True  # if they ack late; none does
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # what is taken ahead can no longer be overtaken
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker may be away for hours
CELERY_TIMEZONE = "UTC"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "build" / "static"
UI_DIR = BASE_DIR / "build" / "ui"
STATICFILES_DIRS = [("ui", UI_DIR), BASE_DIR / "static" / "public"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "devices.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["devices.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["devices.api.rendering.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "devices.api.schema.ApiSchema",
    "DEFAULT_METADATA_CLASS": None,  # OpenAPI tells more
    "EXCEPTION_HANDLER": "devices.api.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_THROTTLE_RATES": {
        "commands": f"{environment.number('T3000_COMMANDS_PER_MINUTE', 600)}/min"
    },
}
SPECTACULAR_SETTINGS = {
    "TITLE": "T3000 for the web",
    "DESCRIPTION": "Devices of a building, their points and values. docs/api.md is the guide.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/t3000",
    "PREPROCESSING_HOOKS": ["devices.api.schema.without_second_spelling"],
    "ENUM_NAME_OVERRIDES": {
        "Action": "devices.enums.Action",
        "CommandKind": "devices.enums.CommandKind",
        "CommandState": "devices.enums.CommandState",
        "BaudRate": "devices.enums.BaudRate",
        "FindingKind": "devices.enums.FindingKind",
        "FindingState": "devices.enums.FindingState",
        "IspMode": "devices.enums.IspMode",
        "JobKind": "devices.enums.JobKind",
        "SubnetPort": "devices.enums.SubnetPort",
        "JobState": "devices.enums.JobState",
        "LinkState": "devices.enums.LinkState",
        "PollPath": "devices.enums.PollPath",
        "Segmentation": "devices.enums.Segmentation",
        "StepKind": "devices.enums.StepKind",
        "Origin": "devices.enums.Origin",
        "NetworkProtocol": "devices.enums.NetworkProtocol",
        "PeriodKind": "t3000.enums.PeriodKind",
        "PointKind": "t3000.enums.PointKind",
        "SlotState": "t3000.api.priorities.SLOT_STATES",
        "Winner": "t3000.api.priorities.WINNERS",
        "Quality": "t3000.api.points.QUALITY_WORDS",
        "AlarmCondition": "t3000.enums.AlarmCondition",
        "AlarmType": "t3000.enums.AlarmType",
        "AutoManual": "t3000.enums.AutoManual",
        "AutoManualWord": ["auto", "manual"],
        "CustomDigitalDirect": "t3000.enums.CustomDigitalDirect",
        "LabelDisplay": "t3000.enums.LabelDisplay",
        "LabelIconSize": "t3000.enums.LabelIconSize",
        "LabelStatus": "t3000.enums.LabelStatus",
        "LabelTextPlace": "t3000.enums.LabelTextPlace",
        "OnOff": "t3000.enums.OnOff",
        "PidAction": "t3000.enums.PidAction",
        "PidTimeUnit": "t3000.enums.PidTimeUnit",
        "ProgramError": "t3000.enums.ProgramError",
        "ScheduleDay": "t3000.enums.ScheduleDay",
        "ScheduleValueType": "t3000.enums.ScheduleValueType",
        "DigitalAnalog": "t3000.enums.DigitalAnalog",
        "ExtioPort": "t3000.enums.ExtioPort",
        "MonitorLengthUnit": "t3000.enums.MonitorLengthUnit",
        "RemoteDeviceProtocol": "t3000.enums.RemoteDeviceProtocol",
        "RemotePointReadWrite": "t3000.enums.RemotePointReadWrite",
        "ComPortMode": "t3000.enums.ComPortMode",
        "DyndnsProvider": "t3000.enums.DyndnsProvider",
        "EnSntp": "t3000.enums.EnSntp",
        "FixComConfig": "t3000.enums.FixComConfig",
        "GraphicsFormat": "t3000.enums.GraphicsFormat",
        "LcdDisplayType": "t3000.enums.LcdDisplayType",
        "SdStatus": "t3000.enums.SdStatus",
        "SmtpErrorCode": "t3000.enums.SmtpErrorCode",
        "SmtpSecurity": "t3000.enums.SmtpSecurity",
        "SmtpType": "t3000.enums.SmtpType",
        "TcpType": "t3000.enums.TcpType",
        "TimeSyncMode": "t3000.enums.TimeSyncMode",
        "TriStateEnable": "t3000.enums.TriStateEnable",
        "UartParity": "t3000.enums.UartParity",
        "UartStopBits": "t3000.enums.UartStopBits",
        "UsbMode": "t3000.enums.UsbMode",
        "UserAccessLevel": "t3000.enums.UserAccessLevel",
        "WifiIpMode": "t3000.enums.WifiIpMode",
        "WifiStatus": "t3000.enums.WifiStatus",
        "RoleWord": "devices.api.accounts.ROLE_WORDS",
        "SyncState": "devices.enums.SyncState",
        "TagScheme": "t3000.enums.TagScheme",
        "UnitKind": "t3000.enums.UnitKind",
        "VersionOrigin": "t3000.enums.VersionOrigin",
    },
    "PATH_CONVERTER_OVERRIDES": {
        "int": {"type": "integer", "format": "int64", "minimum": 0, "maximum": 2**63 - 1}
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "devices.session_store"
SESSION_COOKIE_AGE = int(environment.hours("T3000_SESSION_HOURS", 12, least=1).total_seconds())
SESSION_SAVE_EVERY_REQUEST = False  # it would begin the hours anew with each request
SESSION_IDLE = environment.hours("T3000_IDLE_HOURS", 4)  # 0: it does not end for that
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# Only a proxy tells whether a request came by TLS; without it a redirect would never end.
SECURE_SSL_REDIRECT = HTTPS and BEHIND_PROXY
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # probes come past the proxy
HSTS_SECONDS = environment.number("T3000_HSTS_SECONDS", 30 * 86400)
SECURE_HSTS_SECONDS = HSTS_SECONDS if HTTPS else 0

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": environment.log_level("T3000_LOG_LEVEL", "INFO")},
    "loggers": {
        # These say a line for every task, packet or request: metrics, not log.
        # bacpypes3 logs a traceback for every datagram that is no BACnet: anybody's.
        "bacpypes3": {"level": "CRITICAL"},
        "celery": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # a traceback for any stranger
        "kombu": {"level": "WARNING"},
    },
}
