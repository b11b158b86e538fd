#!/usr/bin/env bash
# Checks docs/ against the source, with Python tools of our own in .tools/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

VENV=.tools/python
WANTED=scripts/requirements.txt
command -v python3 >/dev/null || { echo "python3 is missing: install Python 3.10 or newer" >&2; exit 1; }
if ! cmp -s "$WANTED" "$VENV/requirements.txt"; then
    rm -rf "$VENV"
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check -r "$WANTED"
    cp "$WANTED" "$VENV/requirements.txt"
fi
exec "$VENV/bin/python" scripts/check_docs.py
