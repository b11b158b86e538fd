#!/usr/bin/env bash
# The Rust tests but the doc tests: by cargo-nextest where it is installed, else by cargo test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if cargo nextest --version >/dev/null 2>&1; then
    exec cargo nextest run --locked --no-fail-fast "$@"
fi
exec cargo test --locked --no-fail-fast --lib --bins --tests "$@"
