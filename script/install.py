"""What script/run, script/test and script/bench need before they start: the virtual environment,
the pinned packages and the built front end. Done once; a stamp of the inputs tells whether again.
script/install does that and no more.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from build_ui import find_system_node

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
VENV_PYTHON = VENV_BIN / "python"
COMPLETE = VENV / "complete"  # written when it is; holds the Python it was made with


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
    sources += [ROOT / "requirements.txt"]  # Python packages bring static files, too
    sources += sorted(path for path in (ROOT / "static").rglob("*") if path.is_file())
    stamp = ROOT / "build" / "front-end"
    wanted = _digest(sources)
    manifest = ROOT / "build" / "static" / "staticfiles.json"
    if manifest.is_file() and stamp.is_file() and stamp.read_text() == wanted:
        return
    if find_system_node() is None:
        install("requirements-ui.txt")
    print("Building the front end", flush=True)
    _run(
        [str(VENV_PYTHON), "script/build_ui.py"],
        "The front end could not be built; the message is above.",
    )
    stamp.write_text(wanted)


def _make_venv() -> None:
    """Anew where it is half made, or where this Python is another one than it was made with."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if VENV_PYTHON.exists() and COMPLETE.is_file() and COMPLETE.read_text() == version:
        return
    print("Making .venv", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
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
    COMPLETE.write_text(version)


def _run(command: list[str], failure: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise InstallError(failure)


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="script/install", description="Installs what is missing, and starts nothing."
    )
    parser.parse_args()
    try:
        install("requirements.txt")
        build_front_end()
    except InstallError as error:
        sys.exit(f"script/install: {error}")


if __name__ == "__main__":
    main()
