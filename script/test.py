"""script/test: every check of the project, the quick ones first. Goes on after a failure, so that
one run tells everything."""

import os
import subprocess
import sys

from install import ROOT, VENV_BIN, VENV_PYTHON, InstallError, build_front_end, install

CHECKS = {
    "ruff": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "imports": ["lint-imports", "--no-cache"],
    "types": ["mypy"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    "tests": ["python", "-m", "pytest", "-n", "auto", "--dist", "loadfile"],
}


def main() -> None:
    try:
        install("requirements.txt", "requirements-dev.txt")
        build_front_end()
    except InstallError as error:
        sys.exit(f"script/test: {error}")
    environment = {**os.environ, "T3000_DATA_DIR": str(ROOT / "build" / "test-data")}
    failed = []
    for name, (program, *arguments) in CHECKS.items():
        print(f"== {name}", flush=True)
        extra = sys.argv[1:] if name == "tests" else []
        executable = VENV_PYTHON if program == "python" else VENV_BIN / program
        command = [str(executable), *arguments, *extra]
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"script/test: failed: {', '.join(failed)}")
    print("script/test: everything passed")


if __name__ == "__main__":
    main()
