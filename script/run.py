"""script/run: from a fresh clone to a running site. Needs nothing but Python's standard library."""

import argparse
import os
import sys
from pathlib import Path

from install import ROOT, VENV_PYTHON, InstallError, build_front_end, install


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="script/run", description="Installs what is missing, then serves the site."
    )
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDR", help="default: 127.0.0.1")
    parser.add_argument("--no-demo", action="store_true", help="no simulated building")
    parser.add_argument("--data-dir", type=Path, default=ROOT / "var", help="default: var/")
    options = parser.parse_args()
    os.environ["T3000_DATA_DIR"] = str(options.data_dir.resolve())
    try:
        install("requirements.txt")
        build_front_end()
    except InstallError as error:
        sys.exit(f"script/run: {error}")
    os.environ["PYTHONUNBUFFERED"] = "1"
    if "T3000_ALLOWED_HOSTS" not in os.environ and options.bind != "127.0.0.1":
        os.environ["T3000_ALLOWED_HOSTS"] = _hosts(options.bind)
    arguments = ["manage.py", "serve", "--port", str(options.port), "--bind", options.bind]
    if options.no_demo:
        arguments.append("--no-demo")
    os.chdir(ROOT)
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), *arguments])


def _hosts(bind: str) -> str:
    """By what names browsers may ask for us when we listen on more than loopback."""
    import socket

    names = ["localhost", "127.0.0.1", "[::1]", socket.gethostname(), socket.getfqdn()]
    if bind in ("0.0.0.0", "::"):  # noqa: S104  this is where it is made safe
        names += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)]
    else:
        names.append(f"[{bind}]" if ":" in bind else bind)
    return ",".join(dict.fromkeys(str(name) for name in names))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
