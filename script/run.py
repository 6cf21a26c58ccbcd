"""script/run: from a fresh clone to a running site. Needs nothing but Python's standard library."""

import argparse
import os
import socket
import struct
import sys
from pathlib import Path

from install import ROOT, VENV_PYTHON, InstallError, build_front_end, install

SERVERS = {
    "DATABASE_URL": "postgresql://user:password@127.0.0.1:5432/t3000",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="script/run", description="Installs what is missing, then serves the site."
    )
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDR", help="default: 127.0.0.1")
    parser.add_argument("--no-demo", action="store_true", help="no simulated building")
    parser.add_argument("--demo-port", type=int, default=47809, help="UDP port, default: 47809")
    parser.add_argument("--data-dir", type=Path, default=ROOT / "var", help="default: var/")
    parser.add_argument(
        "--processes",
        action="store_true",
        help="the processes of the Procfile, with PostgreSQL and Redis, instead of one",
    )
    options = parser.parse_args()
    if not options.bind:
        parser.error("--bind needs an address, such as 127.0.0.1 or 0.0.0.0")
    missing = [name for name in SERVERS if not os.environ.get(name)]
    if options.processes and missing:
        examples = " ".join(f"{name}={SERVERS[name]}" for name in missing)
        parser.error(
            f"--processes needs {' and '.join(missing)} in the environment, such as\n"
            f"  {examples} script/run --processes"
        )
    try:
        options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--data-dir {options.data_dir} cannot be used: {error.strerror}")
    os.environ["T3000_DATA_DIR"] = str(options.data_dir.resolve())
    try:
        install("requirements.txt")
        build_front_end()
    except InstallError as error:
        sys.exit(f"script/run: {error}")
    os.environ["PYTHONUNBUFFERED"] = "1"
    if "T3000_ALLOWED_HOSTS" not in os.environ and options.bind != "127.0.0.1":
        os.environ["T3000_ALLOWED_HOSTS"] = _hosts(options.bind)
    arguments = ["script/processes.py"] if options.processes else ["manage.py", "serve"]
    arguments += ["--port", str(options.port), "--bind", options.bind]
    arguments += ["--demo-port", str(options.demo_port)]
    if options.no_demo:
        arguments.append("--no-demo")
    os.chdir(ROOT)
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), *arguments])


def _hosts(bind: str) -> str:
    """By what names browsers may ask for us when we listen on more than loopback."""
    names = ["localhost", "127.0.0.1", "[::1]", socket.gethostname(), socket.getfqdn()]
    if bind in ("0.0.0.0", "::"):  # noqa: S104  this is where it is made safe
        names += _own_addresses()
    else:
        names.append(f"[{bind}]" if ":" in bind else bind)
    return ",".join(dict.fromkeys(names))


def _own_addresses() -> list[str]:
    """The IPv4 addresses of this machine's interfaces; the host name often leads to loopback only.
    Linux tells them by SIOCGIFADDR, elsewhere the resolver must do."""
    if not sys.platform.startswith("linux"):
        return [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)]
    import fcntl

    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                answer = fcntl.ioctl(probe.fileno(), 0x8915, request)
            except OSError:  # an interface without an IPv4 address
                continue
            found.append(socket.inet_ntoa(answer[20:24]))
    return found


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
