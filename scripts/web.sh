#!/usr/bin/env bash
# The web part. `web.sh deps`: npm ci; `web.sh build`: that and the bundle in web/dist. Each is stamped with a hash of
# what it was made from and is not made again while that is the same.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

STAMPS=.tools/stamps
command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer" >&2; exit 1; }
[[ -f web/package-lock.json ]] || { echo "web/package-lock.json is missing" >&2; exit 1; }

hash_of() { # files, NUL-separated on stdin
    { node --version; LC_ALL=C sort -z | xargs -0 sha256sum; } | sha256sum | cut -d' ' -f1
}

fresh() { # name hash result
    [[ -e $3 && -f $STAMPS/$1 && $(<"$STAMPS/$1") == "$2" ]]
}

stamp() { # name hash
    mkdir -p "$STAMPS"
    printf '%s\n' "$2" >"$STAMPS/$1"
}

deps() {
    local hash
    hash=$(printf '%s\0' web/package.json web/package-lock.json | hash_of)
    fresh web-deps "$hash" web/node_modules && return
    npm --prefix web ci --no-audit --no-fund
    stamp web-deps "$hash"
}

build() {
    local hash
    hash=$(find web \( -path web/node_modules -o -path web/dist -o -path web/e2e -o -path web/test-results \) -prune \
        -o -type f -print0 | hash_of)
    if fresh web-dist "$hash" web/dist; then
        echo "web/dist is up to date"
        return
    fi
    npm --prefix web run build
    stamp web-dist "$hash"
}

case ${1:-} in
deps) deps ;;
build) deps && build ;;
*) echo "usage: $0 deps|build" >&2; exit 2 ;;
esac
