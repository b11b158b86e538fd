#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests ($FAXUN_CHROMIUM, or what is installed). Debian's is installed
# where that is allowed, otherwise the exact command is named.
set -euo pipefail

find_browser() {
    if [[ -n ${FAXUN_CHROMIUM:-} ]]; then
        command -v "$FAXUN_CHROMIUM" && return
        echo "FAXUN_CHROMIUM=$FAXUN_CHROMIUM cannot be run" >&2
        exit 1
    fi
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

find_browser && exit
if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    echo "installing chromium" >&2
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >&2
    find_browser && exit
fi
cat >&2 <<'EOF'
The browser tests need Chromium. Install it:

    sudo apt-get update && sudo apt-get install -y chromium

or name one: FAXUN_CHROMIUM=/path/to/chrome make test
or leave them out: FAXUN_SKIP=browser make test
EOF
exit 1
