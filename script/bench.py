"""script/bench: installs what the benchmarks and their peers need, then runs one."""

import os
import sys

from install import ROOT, VENV_PYTHON, InstallError, install


def main() -> None:
    benches = sorted(path.stem for path in (ROOT / "bench").glob("*.py"))
    if len(sys.argv) != 2 or sys.argv[1] not in benches:
        sys.exit(f"usage: script/bench NAME; there are: {', '.join(benches)}")
    try:
        install("requirements.txt", "requirements-bench.txt")
    except InstallError as error:
        sys.exit(f"script/bench: {error}")
    os.chdir(ROOT)
    os.environ["PYTHONPATH"] = str(ROOT)
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), f"bench/{sys.argv[1]}.py"])


if __name__ == "__main__":
    main()
