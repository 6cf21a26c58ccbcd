"""script/test: every check of the project, the quick ones first, then the tests on each stack:
SQLite with everything in one process, and PostgreSQL with Redis and real processes. Goes on after
a failure, so that one run tells everything.

    script/test [--stack embedded|servers] [arguments of pytest]
"""

import argparse
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
}
PYTEST = ["python", "-m", "pytest", "-n", "auto", "--dist", "loadfile"]
STACKS = {"embedded": "SQLite, one process", "servers": "PostgreSQL, Redis, several processes"}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="script/test", description=__doc__, epilog="All other arguments go to pytest.",
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--stack", choices=STACKS, help="the tests on this one only")
    options, to_pytest = parser.parse_known_args()
    try:
        install("requirements.txt", "requirements-dev.txt")
        build_front_end()
    except InstallError as error:
        sys.exit(f"script/test: {error}")
    failed = [
        name for name, command in CHECKS.items() if not passes(name, command, without_servers())
    ]
    for stack in [options.stack] if options.stack else STACKS:
        command, environment = on_stack(stack)
        if not passes(f"tests: {STACKS[stack]}", [*command, *to_pytest], environment):
            failed.append(f"tests, {stack}")
    if failed:
        sys.exit(f"script/test: failed: {', '.join(failed)}")
    print("script/test: everything passed")


def on_stack(stack: str) -> tuple[list[str], dict[str, str]]:
    """pytest and its environment. Servers that the environment names are used; others start."""
    if stack == "embedded":
        return PYTEST, without_servers()
    environment = dict(os.environ)
    if not environment.get("REDIS_URL"):
        environment["T3000_TEST_REDIS"] = "own"
    if environment.get("DATABASE_URL"):
        return PYTEST, environment
    return ["python", "-m", "tests.servers", str(VENV_PYTHON), *PYTEST[1:]], environment


def without_servers() -> dict[str, str]:
    environment = {**os.environ, "T3000_DATA_DIR": str(ROOT / "build" / "test-data")}
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    return environment


def passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    print(f"== {name}", flush=True)
    program, *arguments = command
    executable = VENV_PYTHON if program == "python" else VENV_BIN / program
    answer = subprocess.run([str(executable), *arguments], cwd=ROOT, env=environment, check=False)
    return answer.returncode == 0


if __name__ == "__main__":
    main()
