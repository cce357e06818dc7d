# `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
CARGO ?= cargo
KAFKA := deploy/local/kafka.sh
LOCAL := .local/dev
FUZZ_TARGET := $(shell uname -m)-unknown-linux-gnu

.PHONY: help demo test lint bench fuzz up down prerequisites cargo-deny

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: prerequisites ## a simulated port day through every service, with live alerts (embedded broker)
	$(CARGO) build --profile demo -p quaywatch
	target/demo/quaywatch demo $(ARGS)

test: prerequisites ## every test, the guarantees on a real Apache Kafka that is fetched and started on loopback
	$(KAFKA) fetch
	$(CARGO) build --workspace
	$(CARGO) test --workspace --no-fail-fast

lint: prerequisites cargo-deny ## formatting, clippy, dependency rules
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) deny --log-level error check bans licenses sources

bench: prerequisites ## the figures: throughput, latency, memory, restart, on a real Apache Kafka
	$(CARGO) build --release -p quaywatch
	$(CARGO) bench -p quaywatch-detection
	$(CARGO) bench -p quaywatch-tests $(ARGS)

FUZZ_SECONDS ?= 600
FUZZ_FORMATS ?= edifact dcsa jsonl csv json
FUZZ_FLAGS := -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-trace-compares \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1

fuzz: prerequisites ## fuzz each parser for FUZZ_SECONDS (600), one after the other; findings are kept in .local/fuzz
	RUSTFLAGS="$(FUZZ_FLAGS)" CARGO_TARGET_DIR=target/fuzz $(CARGO) build --release --manifest-path fuzz/Cargo.toml --target $(FUZZ_TARGET)
	@mkdir -p .local/fuzz && find crates/formats/tests/samples -type f ! -name '*.expected' ! -name '*.toml' | paste -sd, > .local/fuzz/seeds
	@for format in $(FUZZ_FORMATS); do \
	  mkdir -p .local/fuzz/corpus-$$format; echo "$$format, $(FUZZ_SECONDS) s"; \
	  QUAYWATCH_FUZZ=$$format target/fuzz/$(FUZZ_TARGET)/release/parse .local/fuzz/corpus-$$format \
	    -seed_inputs=@.local/fuzz/seeds -artifact_prefix=.local/fuzz/$$format- -dict=fuzz/tokens.dict \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=20000 -timeout=5 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 || exit 1; \
	done

up: ## start an Apache Kafka on loopback and create the topics
	$(KAFKA) start --dir $(LOCAL)
	$(CARGO) run -q -p quaywatch -- --set kafka.brokers="$$(cat $(LOCAL)/bootstrap)" --set files.agencies=deploy/agencies.toml topics ensure
	@echo "Apache Kafka is up at $$(cat $(LOCAL)/bootstrap)"

down: ## stop it; its data stays in .local/dev
	$(KAFKA) stop --dir $(LOCAL)

prerequisites:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust from https://rustup.rs"; exit 1; }
	@command -v gcc >/dev/null || { echo "gcc is missing: apt-get install gcc make libssl-dev zlib1g-dev"; exit 1; }
	@for h in openssl/ssl.h zlib.h; do echo "#include <$$h>" | gcc -E -o /dev/null - 2>/dev/null \
	  || { echo "$$h is missing: apt-get install libssl-dev zlib1g-dev"; exit 1; }; done

cargo-deny:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked --quiet cargo-deny
