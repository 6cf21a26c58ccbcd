"""What the environment may say: read strictly, and all of it documented."""

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from t3000 import environment

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "T3000_TRIED"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv(NAME, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("given", "meaning"), [("true", True), ("1", True), ("Off", False), ("", False), ("no", False)]
)
def test_a_flag_is_yes_or_no(said: pytest.MonkeyPatch, given: str, meaning: bool) -> None:
    said.setenv(NAME, given)
    assert environment.flag(NAME) is meaning


def test_lists_and_numbers(said: pytest.MonkeyPatch) -> None:
    assert environment.words(NAME, ["localhost"]) == ["localhost"]
    assert environment.number(NAME, 7) == 7
    said.setenv(NAME, "a.example, b.example,")
    assert environment.words(NAME, ["localhost"]) == ["a.example", "b.example"]
    said.setenv(NAME, "0")
    assert environment.number(NAME, 7) == 0
    assert environment.hours(NAME, 7) == timedelta(0)


@pytest.mark.parametrize(
    ("reader", "given", "says"),
    [
        (environment.flag, "maybe", "T3000_TRIED=maybe: choose true or false"),
        (lambda name: environment.number(name, 0), "-3", "T3000_TRIED=-3: a whole number"),
        (lambda name: environment.log_level(name, "INFO"), "loud", "T3000_TRIED=LOUD: choose"),
        (lambda name: environment.hours(name, 4), "9000", "hours from 0 to 8760"),
        (lambda name: environment.hours(name, 4, least=1), "0", "hours from 1 to 8760"),
        (lambda name: environment.hours(name, 4), "9" * 5000, "hours from 0 to 8760"),
        (environment.origins, "bms.example.org", "bms.example.org is no origin"),
        (environment.origins, "https://bms.example.org/", "looks like https://bms.example.org"),
        (environment.database, "mysql://root@db/t3000", "mysql is not known; try postgresql://"),
        (environment.database, "postgresql://db.example", "names no database"),
        (environment.database, "postgresql://u:p@db:port/t3000", "looks like postgresql://"),
        (environment.database, "t3000.sqlite3", "it is not known; try postgresql://"),
        (environment.encryption_keys, f"{'A' * 43}=,{'A' * 42}=", "key 2 of 2 is damaged"),
        (environment.redis, "http://127.0.0.1:6379", "looks like redis://127.0.0.1:6379/0"),
        (environment.redis, "redis://127.0.0.1:port/0", "looks like redis://127.0.0.1:6379/0"),
        (environment.redis, "redis://127.0.0.1/first", "looks like redis://127.0.0.1:6379/0"),
        (environment.redis, "127.0.0.1:6379", "looks like redis://127.0.0.1:6379/0"),
    ],
)
def test_nonsense_is_refused_with_what_would_be_right(
    said: pytest.MonkeyPatch, reader: Callable[[str], object], given: str, says: str
) -> None:
    said.setenv(NAME, given)
    with pytest.raises(ImproperlyConfigured) as caught:
        reader(NAME)
    assert says in str(caught.value)
    assert NAME in str(caught.value)


@pytest.mark.parametrize(
    ("reader", "url"),
    [
        (environment.database, "postgresql://me:hunter/2@db.example/t3000"),
        (environment.database, "postgresql://me:12/hunter@db.example/t3000"),
        (environment.database, "postgresql://me:12?hunter@db.example/t3000"),
        (environment.database, "postgresql:me:hunter://db.example/t3000"),
        (environment.encryption_keys, "hunter2"),
        (environment.encryption_keys, f"{'A' * 43}=,hunter2"),
        (environment.redis, "redis://me:hunter#2@r.example/0"),
        (environment.redis, "redis://me:hunter/2@r.example/0"),
        (environment.redis, "redis://me:12/hunter@r.example/0"),
        (environment.redis, "redis://me:12?hunter@r.example/0"),
        (environment.redis, "redis://me:[hunter@r.example/0"),
    ],
)
def test_no_part_of_a_password_is_told(
    said: pytest.MonkeyPatch, reader: Callable[[str], object], url: str
) -> None:
    said.setenv(NAME, url)
    with pytest.raises(ImproperlyConfigured) as caught:
        reader(NAME)
    assert "hunter" not in str(caught.value)


def test_what_cannot_be_read_may_lack_percent_encoding(said: pytest.MonkeyPatch) -> None:
    said.setenv(NAME, "postgresql://me:a/b@db.example/t3000")
    with pytest.raises(ImproperlyConfigured, match=r"cannot be read; .* percent-encoded: @ as %40"):
        environment.database(NAME)
    said.setenv(NAME, "postgresql://me:a%2Fb%40@db.example/t3000")
    given = environment.database(NAME)
    assert given is not None
    assert given["PASSWORD"] == "a/b@"


def test_encryption_keys(said: pytest.MonkeyPatch) -> None:
    assert environment.encryption_keys(NAME) == []
    said.setenv(NAME, f"{'B' * 43}=, {'A' * 43}=")
    assert environment.encryption_keys(NAME) == [f"{'B' * 43}=", f"{'A' * 43}="]


def test_databases(said: pytest.MonkeyPatch) -> None:
    assert environment.database(NAME) is None
    said.setenv(NAME, "postgresql://me:secret@db.example:5433/site?sslmode=require")
    given = environment.database(NAME)
    assert given is not None
    assert given["ENGINE"] == environment.POSTGRESQL
    assert (given["HOST"], given["PORT"], given["NAME"]) == ("db.example", 5433, "site")
    assert given["OPTIONS"] == {"sslmode": "require"}
    said.setenv(NAME, "sqlite:////srv/site.sqlite3")
    assert environment.database(NAME) == {
        "ENGINE": environment.SQLITE, "NAME": "/srv/site.sqlite3",
        "HOST": "", "PORT": "", "USER": "", "PASSWORD": "",
    }  # fmt: skip


@pytest.mark.parametrize("url", ["redis://127.0.0.1:6379/0", "rediss://:pw@r.example", ""])
def test_redis(said: pytest.MonkeyPatch, url: str) -> None:
    said.setenv(NAME, url)
    assert environment.redis(NAME) == url


def settings_with(tmp_path: Path, names: str, **said: str) -> dict[str, Any]:
    """What the project's settings make of an environment."""
    environment = {"PATH": os.environ["PATH"], "T3000_DATA_DIR": str(tmp_path), **said}
    program = (
        "import json, sys; from t3000 import settings; "
        "print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, *names.split()],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(answer.stdout)


TLS = (
    "SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE BEHIND_PROXY SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS"
)


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ({}, [False, False, False, False, 0]),
        ({"T3000_PROXY": "true"}, [False, False, True, False, 0]),
        ({"T3000_HTTPS": "true"}, [True, True, False, False, 2_592_000]),
        ({"T3000_HTTPS": "1", "T3000_PROXY": "1"}, [True, True, True, True, 2_592_000]),
        ({"T3000_HTTPS": "1", "T3000_HSTS_SECONDS": "0"}, [True, True, False, False, 0]),
    ],
    ids=["nothing", "proxy", "TLS", "TLS proxy", "no HSTS"],
)
def test_tls_and_proxy(tmp_path: Path, said: dict[str, str], meaning: list[Any]) -> None:
    assert list(settings_with(tmp_path, TLS, **said).values()) == meaning


def test_redis_takes_tasks_changes_and_cache(tmp_path: Path) -> None:
    names = "CELERY_BROKER_URL CHANNEL_LAYERS CACHES CELERY_BROKER_TRANSPORT_OPTIONS"
    url = "redis://redis.example:6379/3"
    broker, layers, caches, options = settings_with(
        tmp_path, names, REDIS_URL=url, T3000_REDIS_PREFIX="north"
    ).values()
    assert broker == url
    assert layers["default"]["BACKEND"] == "channels_redis.pubsub.RedisPubSubChannelLayer"
    assert layers["default"]["CONFIG"] == {"hosts": [url], "prefix": "north:channels"}
    assert (caches["default"]["LOCATION"], caches["default"]["KEY_PREFIX"]) == (url, "north:cache")
    assert options["global_keyprefix"] == "north:celery:"
    assert options["priority_steps"] == [0, 9]


def test_without_redis_everything_stays_in_the_process(tmp_path: Path) -> None:
    broker, layers = settings_with(tmp_path, "CELERY_BROKER_URL CHANNEL_LAYERS").values()
    assert broker == "memory://localhost/"
    assert layers["default"]["BACKEND"] == "channels.layers.InMemoryChannelLayer"


def test_postgresql_keeps_what_the_url_says(tmp_path: Path) -> None:
    url = "postgresql://me:secret@db.example/site?sslmode=require&connect_timeout=9"
    (databases,) = settings_with(tmp_path, "DATABASES", DATABASE_URL=url).values()
    options = databases["default"]["OPTIONS"]
    assert (options["sslmode"], options["connect_timeout"]) == ("require", 9)
    assert databases["default"]["CONN_MAX_AGE"] == 0


def test_nonsense_stops_a_command_with_one_line(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "T3000_DATA_DIR": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "manage.py", "prepare"],
        cwd=ROOT, env={**environment, "DATABASE_URL": "oracle://db/t3000"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert line.startswith("DATABASE_URL: oracle is not known; try postgresql://")


def test_a_command_before_prepare_says_so_and_leaves_a_private_database(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "T3000_DATA_DIR": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "manage.py", "seed_site"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, umask=0o022,
    )  # fmt: skip
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert "run manage.py prepare first: no such table" in line
    assert (tmp_path / "t3000.sqlite3").stat().st_mode & 0o777 == 0o600


def test_every_variable_is_documented() -> None:
    folders = [ROOT / "t3000", ROOT / "devices", ROOT / "script"]
    sources = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    sources += [ROOT / "Procfile"]
    read = re.compile(r"\b(T3000_[A-Z_]+[A-Z]|DATABASE_URL|REDIS_URL|BIND|PORT)\b")
    named = {
        name
        for path in sources
        if path.suffix in (".py", ".sh", "")
        for name in re.findall(r"[\"'{$]" + read.pattern, path.read_text())
    }
    assert {"T3000_DATA_DIR", "T3000_PROXY", "DATABASE_URL", "REDIS_URL", "PORT"} <= named
    documented = set(re.findall(r"`([A-Z0-9_]+)`", (ROOT / "docs" / "settings.md").read_text()))
    assert named - documented == set()


def test_the_documented_backup_holds_what_a_running_site_wrote_last(tmp_path: Path) -> None:
    lines = (ROOT / "docs" / "settings.md").read_text().splitlines()
    (line,) = (line for line in lines if ".backup(" in line)
    interpreter, flag, program = shlex.split(line)
    assert (interpreter, flag) == (".venv/bin/python", "-c")
    (tmp_path / "var").mkdir()
    with closing(sqlite3.connect(tmp_path / "var" / "t3000.sqlite3")) as site:
        site.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (n); INSERT INTO t VALUES (7)")
        assert (tmp_path / "var" / "t3000.sqlite3-wal").stat().st_size
        subprocess.run([sys.executable, flag, program], cwd=tmp_path, check=True)
    with closing(sqlite3.connect(tmp_path / "t3000-backup.sqlite3")) as backup:
        assert backup.execute("SELECT n FROM t").fetchone() == (7,)


@pytest.mark.parametrize(
    "given", ["bms.example.org", "192.168.1.2,[fd00::2]", ".example.org", "*", "a_b", "host1"]
)
def test_hosts_are_names_or_addresses(said: pytest.MonkeyPatch, given: str) -> None:
    said.setenv(NAME, given)
    assert environment.hosts(NAME, []) == given.split(",")


@pytest.mark.parametrize(
    "given", ["http://foo", "foo bar", "foo:80", "/;;", ",", "foo.", "-foo", "fd00::2"]
)
def test_what_is_no_host_is_refused(said: pytest.MonkeyPatch, given: str) -> None:
    said.setenv(NAME, given)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        environment.hosts(NAME, ["localhost"])
