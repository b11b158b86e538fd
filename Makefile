# Two commands do everything: `make run` and `make test`. The others are listed by `make help`.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help run build web laws wire pictures test soak bench audit check clean

TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
# What comes after the subcommand: make run ARGS="--listen 0.0.0.0:8787", make check ARGS="--laws FILE".
ARGS ?=
BENCHES := $(patsubst benches/%.rs,--bench %,$(wildcard benches/*.rs))

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build everything, then serve on 127.0.0.1:8787
	exec $(TARGET)/release/faxun serve $(ARGS)

build: web ## the web part and the release binary
	cargo build --release --locked

web: ## the web part alone: npm ci and the bundle, redone only when something changed
	scripts/web.sh build

laws: ## fetch, correct and import the national laws; ARGS="my-laws/ --data DIR" imports more with them
	scripts/laws.sh $(ARGS)

wire: ## regenerate web/src/wire.ts from src/wire.rs
	FAXUN_BLESS=1 cargo test --locked wire_ts

pictures: web ## take the pictures in docs/images anew, by the browser tests
	cargo build --locked --bin faxun
	FAXUN_BLESS=1 FAXUN_BIN=$(abspath $(TARGET))/debug/faxun npm --prefix web run e2e

test: ## format, lint, Rust, documents, web and browser; FAXUN_SKIP=browser leaves the last one out
	scripts/test.sh

soak: ## longer rounds of the kill tests and the property tests
	FAXUN_ROUNDS=20 PROPTEST_CASES=2000 scripts/rust-tests.sh

bench: ## the promised ratios, measured side by side in one run
	@test -n "$(BENCHES)" || { echo "there is no benches/*.rs" >&2; exit 1; }
	cargo bench --locked $(BENCHES)

audit: ## licences, advisories, unused and doubled dependencies
	scripts/audit.sh

check: ## validate intents/ and kb/; ARGS="--laws FILE" also checks every citation against the statutes
	cargo run --quiet --locked -- check $(ARGS)

clean: ## remove what was built, never data
	cargo clean
	rm -rf web/dist web/node_modules .tools test-results
