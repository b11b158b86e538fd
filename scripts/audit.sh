#!/usr/bin/env bash
# `make audit`: what we depend on. Tools that are missing are named with the command that installs them; what needs a
# network that is not there is skipped loudly.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0
fail() { printf '!!! %s\n' "$*" >&2; failed=1; }
skip() { printf '!!! SKIPPED: %s\n' "$*" >&2; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT

if cargo deny --version >/dev/null 2>&1; then
    cargo deny check bans licenses sources || fail "cargo deny found something"
    if cargo deny check advisories 2>&1 | tee "$log"; then
        :
    elif grep -q 'failed to fetch advisory database' "$log"; then
        skip "advisories: the advisory database cannot be fetched"
    else
        fail "cargo deny found advisories"
    fi
else
    fail "cargo-deny is missing: cargo install cargo-deny --locked"
fi

if cargo machete --version >/dev/null 2>&1; then
    cargo machete || fail "cargo machete found unused dependencies"
else
    fail "cargo-machete is missing: cargo install cargo-machete --locked"
fi

if [[ ! -f web/package-lock.json ]]; then
    fail "web/package-lock.json is missing"
elif ! command -v npm >/dev/null; then
    fail "npm is missing: install Node.js 20 or newer"
elif (cd web && npm audit --omit=dev) >"$log" 2>&1; then
    cat "$log"
elif grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|audit endpoint returned an error' "$log"; then
    skip "npm audit: the registry's audit service cannot be reached"
else
    cat "$log"
    fail "npm audit found something"
fi

exit "$failed"
