"""The site as the processes of the Procfile, for script/run --processes. Ends with Ctrl-C, or when
any of them ends: this is a terminal's way to run the site, a service manager restarts what fell.
Runs with the Python of the virtual environment.
"""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/processes.py", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDR")
    parser.add_argument("--no-demo", action="store_true")
    parser.add_argument("--demo-port", type=int, default=47809)
    options = parser.parse_args()
    os.chdir(ROOT)
    os.environ |= {"PORT": str(options.port), "BIND": options.bind, "PYTHONUNBUFFERED": "1"}
    prepare = [sys.executable, "manage.py", "prepare", *(["--no-demo"] if options.no_demo else [])]
    if code := subprocess.run(prepare, check=False).returncode:
        sys.exit(code)
    commands = dict(parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes)
    if not options.no_demo:
        commands["demo"] = f"{sys.executable} manage.py demo --port {options.demo_port}"
    sys.exit(run(commands))


def run(commands: dict[str, str]) -> int:
    """Until one of them ends or we are told to; by then all have ended. Returns the exit code."""
    manager = Manager()
    # A terminal that is closed: honcho knows Ctrl-C and SIGTERM only.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    for name, command in commands.items():
        # Without exec a shell stays between us and each process.
        manager.add_process(name, f"exec {command}")
    manager.loop()
    if manager.returncode in (130, 143):  # Ctrl-C, SIGTERM
        print("Stopped")
        return 0
    print(
        "script/run: one of the processes ended by itself, so the others were stopped: the first "
        '"stopped" above names it, its last lines say why.',
        file=sys.stderr,
    )
    return manager.returncode or 1


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
