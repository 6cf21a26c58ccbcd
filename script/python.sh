# Sets PYTHON to a Python 3.11 or newer, or ends with what to install. Sourced by the commands.
PYTHON=
for candidate in "${T3000_PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        PYTHON=$candidate
        break
    fi
done
if [ -z "$PYTHON" ]; then
    echo "Python 3.11 or newer is needed and was not found." >&2
    echo "Install it (Debian, Ubuntu: apt install python3 python3-venv), or name it: T3000_PYTHON=/path/to/python3" >&2
    exit 1
fi
