"""script/screenshots: installs what taking pictures needs, then takes them (script/pictures.py)."""

import os
import shutil
import sys

from install import ROOT, VENV_PYTHON, InstallError, build_front_end, install

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    if len(sys.argv) > 1:
        sys.exit("usage: script/screenshots")
    named = os.environ.get("CHROMIUM", "")
    browser = shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUM)), "")
    if not browser:
        sys.exit(
            f"script/screenshots: there is no {named or ' or '.join(CHROMIUM)}. Install a browser "
            "(Debian: apt install chromium), or name yours: CHROMIUM=/path/to/chromium"
        )
    try:
        install("requirements.txt", "requirements-dev.txt")
        build_front_end()
    except InstallError as error:
        sys.exit(f"script/screenshots: {error}")
    os.chdir(ROOT)
    os.environ["CHROMIUM"] = browser
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), "script/pictures.py"])


if __name__ == "__main__":
    main()
