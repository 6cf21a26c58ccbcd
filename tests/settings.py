"""Settings of the tests: the project's own, in a data folder that is thrown away.

DATABASE_URL and REDIS_URL choose the servers, as they do for the project; no row or key that was
there before is touched. T3000_TEST_REDIS=own starts a Redis for this process (each of xdist's).
"""

import atexit
import os
import shutil
import tempfile

from tests.servers import RedisServer

_data_dir = tempfile.mkdtemp(prefix="t3000-tests-")
atexit.register(shutil.rmtree, _data_dir, ignore_errors=True)
os.environ["T3000_DATA_DIR"] = _data_dir
os.environ["T3000_REDIS_PREFIX"] = f"t3000-tests-{os.getpid()}"
if os.environ.get("T3000_TEST_REDIS") == "own":
    _redis = RedisServer()
    atexit.register(_redis.remove)
    _redis.start()
    os.environ["REDIS_URL"] = _redis.url

from t3000.environment import SQLITE as SQLITE_ENGINE  # noqa: E402
from t3000.settings import *  # noqa: E402, F403  the settings under test are the project's
from t3000.settings import (  # noqa: E402
    BASE_DIR,
    DATA_DIR,
    DATABASES,
    INSTALLED_APPS,
    STORAGES,
)

INSTALLED_APPS = [*INSTALLED_APPS, "tests.sealed"]
ENCRYPTION_KEYS = ["only-for-tests-only-for-tests-only-for-test="]

if DATABASES["default"]["ENGINE"] == SQLITE_ENGINE:
    # A file, so that the threads of the field see the same database as the tests.
    DATABASES["default"].setdefault("TEST", {})["NAME"] = DATA_DIR / "test.sqlite3"
# Pages name their files whether the front end is built or not.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATICFILES_DIRS = [BASE_DIR / "static" / "public"]
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
