"""What script/run --processes says when something is missing, and does when a process falls."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.site import HAS_PROCESSES, PATIENCE, ROOT, running_site


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, ["DATABASE_URL=postgresql://", "REDIS_URL=redis://"]),
        ({"REDIS_URL": "redis://127.0.0.1/0"}, ["DATABASE_URL=postgresql://"]),
        ({"DATABASE_URL": "postgresql://t3000@127.0.0.1/t3000"}, ["REDIS_URL=redis://"]),
    ],
)
def test_without_servers_it_says_what_to_set(given: dict[str, str], missing: list[str]) -> None:
    answer = subprocess.run(
        [str(ROOT / "script" / "run"), "--processes"],
        env={"PATH": os.environ["PATH"], "T3000_PYTHON": sys.executable, **given},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 2
    for example in missing:
        assert example in answer.stderr
    for name in given:
        assert f"{name}=" not in answer.stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"DATABASE_URL": "postgresql://t3000@127.0.0.1:1/t3000"}, "DATABASE_URL: the database"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "REDIS_URL: Redis cannot be used."),
    ],
)
def test_a_server_that_does_not_answer_stops_the_start(
    given: dict[str, str], says: str, tmp_path: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], "T3000_DATA_DIR": str(tmp_path), **given}
    answer = subprocess.run(
        [sys.executable, "script/processes.py", "--no-demo"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.skipif(not HAS_PROCESSES, reason="there is one process")
def test_when_one_falls_all_end_and_it_is_named(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        everybody = psutil.Process(site.process.pid).children(recursive=True)
        (field,) = [one for one in everybody if "field@%h" in one.cmdline()]
        field.kill()
        assert site.process.wait(PATIENCE) != 0
        _gone, alive = psutil.wait_procs(everybody, PATIENCE)
        assert alive == []
        log = site.log.read_text()
    assert "field stopped (rc=-9)" in log
    assert "one of the processes ended by itself" in log
