"""What script/run, script/test and script/bench need before they start: the virtual environment,
the pinned packages and the built front end. Done once; a stamp of the inputs tells whether again.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
VENV_PYTHON = VENV_BIN / "python"
OLDEST_NODE = 20


class InstallError(Exception):
    """Something is missing on this machine; the text says what to do."""


def install(*requirements: str) -> None:
    """Makes .venv and installs the requirement files into it, unless that was done before."""
    _make_venv()
    for name in requirements:
        stamp = VENV / f"installed-{name}"
        wanted = _digest([ROOT / name])
        if stamp.is_file() and stamp.read_text() == wanted:
            continue
        print(f"Installing {name}", flush=True)
        _run(
            [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--requirement", name],
            "The packages could not be installed. Is the package index reachable? "
            "pip's own message is above.",
        )  # fmt: skip
        stamp.write_text(wanted)


def build_front_end() -> None:
    """npm, esbuild and collectstatic, unless nothing changed since."""
    sources = [ROOT / "package-lock.json", ROOT / "script" / "build_ui.py"]
    sources += sorted(path for path in (ROOT / "static").rglob("*") if path.is_file())
    stamp = ROOT / "build" / "front-end"
    wanted = _digest(sources)
    manifest = ROOT / "build" / "static" / "staticfiles.json"
    if manifest.is_file() and stamp.is_file() and stamp.read_text() == wanted:
        return
    if not _has_node():
        install("requirements-ui.txt")
    print("Building the front end", flush=True)
    _run(
        [str(VENV_PYTHON), "script/build_ui.py"],
        "The front end could not be built; the message is above.",
    )
    stamp.write_text(wanted)


def _make_venv() -> None:
    if VENV_PYTHON.exists():
        return
    print("Making .venv", flush=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        import ensurepip  # noqa: F401  Debian leaves it out of python3
        import venv  # noqa: F401
    except ImportError:
        raise InstallError(
            f"this Python lacks venv or ensurepip. Debian, Ubuntu: apt install python{version}-venv"
        ) from None
    _run(
        [sys.executable, "-m", "venv", str(VENV)],
        f".venv could not be made. Debian, Ubuntu: apt install python{version}-venv",
    )


def _has_node() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run(
        [node, "--version"], capture_output=True, text=True, check=False
    ).stdout
    major = version.strip().lstrip("v").partition(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def _run(command: list[str], failure: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        if command[1:3] == ["-m", "venv"]:
            shutil.rmtree(VENV, ignore_errors=True)
        raise InstallError(failure)


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
