#!/usr/bin/env bash
# Everything `make test` runs. Every part runs, whatever became of the others; one line a part at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TARGET=$(realpath -m "${CARGO_TARGET_DIR:-target}")
lines=()
failed=0

note() { # name result seconds
    lines+=("$(printf '%-14s %-8s %4d s' "$1" "$2" "$3")")
}

part() { # name command…
    local name=$1 start=$SECONDS result=ok
    shift
    printf '\n=== %s\n' "$name"
    "$@" || { result=FAILED; failed=1; }
    note "$name" "$result" $((SECONDS - start))
}

skipped() { # word
    [[ ,${FAXUN_SKIP:-}, == *,"$1",* ]]
}

browser() {
    local chromium
    chromium=$(scripts/browser.sh) || return 1
    # The build of the tests' own profile; it serves the bundle that `make web` made.
    cargo build --locked --bin faxun || return 1
    FAXUN_BIN=$TARGET/debug/faxun FAXUN_CHROMIUM=$chromium npm --prefix web run e2e
}

part "format" cargo fmt --check
part "web build" scripts/web.sh build
part "lint" cargo clippy --locked --all-targets -- -D warnings
part "rust tests" scripts/rust-tests.sh
part "doc tests" cargo test --locked --doc
part "documents" scripts/docs.sh
part "laws script" python3 -m unittest discover --quiet --start-directory scripts
part "web check" npm --prefix web run check
part "web tests" npm --prefix web run test
if skipped browser; then
    printf '\n!!! The browser tests are SKIPPED (FAXUN_SKIP=%s).\n' "$FAXUN_SKIP"
    note "browser tests" SKIPPED 0
else
    part "browser tests" browser
fi

printf '\n'
printf '%s\n' "${lines[@]}"
exit "$failed"
