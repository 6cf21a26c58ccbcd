"""The commands of the first screen, as far as they go without installing anything."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd="/", env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_run_lists_its_options() -> None:
    environment = {"PATH": "/usr/bin:/bin", "T3000_PYTHON": sys.executable}
    answer = run(str(ROOT / "script" / "run"), "--help", **environment)
    assert answer.returncode == 0
    for option in ("--port", "--bind", "--no-demo", "--data-dir"):
        assert option in answer.stdout


def test_install_installs_and_starts_nothing() -> None:
    environment = {"PATH": "/usr/bin:/bin", "T3000_PYTHON": sys.executable}
    answer = run(str(ROOT / "script" / "install"), "--help", **environment)
    assert answer.returncode == 0
    assert "starts nothing" in answer.stdout
    answer = run(str(ROOT / "script" / "install"), "--start", **environment)
    assert answer.returncode == 2
    assert "unrecognized arguments: --start" in answer.stderr


def test_the_readme_leads_to_every_guide() -> None:
    readme = (ROOT / "README.md").read_text()
    for guide in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{guide.name})" in readme


def test_without_python_the_scripts_say_what_to_install(tmp_path: Path) -> None:
    for tool in ("dirname", "sh"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    for script in ("install", "run", "test", "bench", "screenshots"):
        answer = run("/bin/sh", str(ROOT / "script" / script), PATH=str(tmp_path))
        assert answer.returncode == 1
        assert "apt install python3 python3-venv" in answer.stderr


def test_without_a_browser_there_are_no_pictures() -> None:
    environment = {"PATH": "/usr/bin:/bin", "T3000_PYTHON": sys.executable}
    answer = run(str(ROOT / "script" / "screenshots"), CHROMIUM="/no/chromium", **environment)
    assert answer.returncode == 1
    assert "there is no /no/chromium. Install a browser" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_lock_file_names_no_download_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert lock["packages"]
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text()


@pytest.mark.parametrize("name", ["", "-dev", "-ui", "-bench"])
def test_requirements_are_pinned_and_name_no_host(name: str) -> None:
    lines = (ROOT / f"requirements{name}.txt").read_text().splitlines()
    assert lines
    for line in lines:
        assert "==" in line
        assert "://" not in line
