"""Settings of the tests: the project's own, in a data folder that is thrown away."""

import atexit
import os
import shutil
import tempfile

_data_dir = tempfile.mkdtemp(prefix="t3000-tests-")
atexit.register(shutil.rmtree, _data_dir, ignore_errors=True)
os.environ["T3000_DATA_DIR"] = _data_dir

from t3000.settings import *  # noqa: E402, F403  the settings under test are the project's
from t3000.settings import BASE_DIR, DATA_DIR, DATABASES, STORAGES  # noqa: E402

# A file, so that the threads of the field see the same database as the tests.
DATABASES["default"].setdefault("TEST", {})["NAME"] = DATA_DIR / "test.sqlite3"
# Pages name their files whether the front end is built or not.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATICFILES_DIRS = [BASE_DIR / "static" / "public"]
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
