# `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
CARGO ?= cargo
KAFKA := deploy/local/kafka.sh
LOCAL := .local/dev
FUZZ_TARGET := $(shell uname -m)-unknown-linux-gnu

.PHONY: help demo test api lint bench screening-accuracy tune confusion fuzz up down prerequisites cargo-deny

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

demo: prerequisites ## a simulated port day through every service, with live alerts (embedded broker)
	$(CARGO) build --profile demo -p quaywatch
	target/demo/quaywatch demo $(ARGS)

test: prerequisites ## every test, the guarantees on a real Apache Kafka that is fetched and started on loopback
	$(KAFKA) fetch
	$(CARGO) build --workspace
	$(CARGO) test --workspace --no-fail-fast
	tests/api/check.sh

api: prerequisites ## the gateway's doors against their OpenAPI description, by schemathesis
	$(KAFKA) fetch
	$(CARGO) build -p quaywatch
	tests/api/check.sh

lint: prerequisites cargo-deny ## formatting, clippy, dependency rules
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) deny --log-level error check bans licenses sources

bench: prerequisites ## the figures: throughput, latency, memory, restart, on a real Apache Kafka
	$(CARGO) build --release -p quaywatch
	$(CARGO) bench -p quaywatch-formats --bench formats
	$(CARGO) bench -p quaywatch-detection
	$(CARGO) bench -p quaywatch --bench backtest
	$(CARGO) bench -p quaywatch-screening
	$(CARGO) bench -p quaywatch-simulator --bench port
	$(CARGO) bench -p quaywatch-tests $(ARGS)

screening-accuracy: prerequisites ## names: labelled pairs (PAIRS=file), variants of listed names and ordinary ones (LIST=sdn.csv)
	$(CARGO) run -q --release -p quaywatch-screening --example accuracy -- $(PAIRS) $(LIST) $(ARGS)

PAIRS ?= ../shared/data/screening/name-pairs-dev.csv
LIST ?= ../shared/data/watchlists/ofac-sdn.csv

SEEDS ?= 21 22 23
TUNE ?= --hours 336 --containers 6000 --crime-rate 60
DETECTION := crates/detection
# What is usual in the synthetic port, from traffic of its own.
BASELINE := .local/baselines.json

$(BASELINE): prerequisites
	$(CARGO) build --release -p quaywatch
	@mkdir -p .local && rm -rf .local/baseline
	target/release/quaywatch simulate --out .local/baseline --seed 51 --hours 672 --containers 12000 --crime-rate 2000
	target/release/quaywatch baseline build --out $@ --rules $(DETECTION)/confusion.toml --ports $(DETECTION)/ports.json .local/baseline
	@rm -rf .local/baseline

.PHONY: $(BASELINE)

tune: $(BASELINE) ## how the rules do on simulated ports of other SEEDS ("21 22 23") and size TUNE: what is found, missed, extra
	@for seed in $(SEEDS); do \
	  rm -rf .local/tune/$$seed; mkdir -p .local/tune/$$seed; echo "seed $$seed"; \
	  target/release/quaywatch simulate --out .local/tune/$$seed --seed $$seed $(TUNE) || exit 1; \
	  target/release/quaywatch backtest .local/tune/$$seed --truth .local/tune/$$seed/truth.ndjson --baselines $(BASELINE) \
	    --rules $(DETECTION)/confusion.toml $(ARGS) > .local/tune/$$seed.alerts.ndjson; test $$? -le 1 || exit 1; \
	done

GOAL_SEEDS ?= 191 192 193 194 195 196 197 198
# Ports of the confusion table: one crime in N containers, containers, one look-alike in N containers.
PORTS ?= 30:6000:25 2000:20000:25 2000:20000:250

# Port on which each feed is left out, big enough to tell every story; the first two of GOAL_SEEDS.
BARE ?= 6:4000:25

confusion: $(BASELINE) ## the confusion table of the rules into crates/detection/README.md: GOAL_SEEDS, PORTS, and each feed left out
	@command -v jq >/dev/null || { echo "jq is missing: apt-get install jq"; exit 1; }
	@QUAYWATCH=target/release/quaywatch BASELINE=$(BASELINE) $(DETECTION)/confusion.sh "$(GOAL_SEEDS)" "$(PORTS)" "$(BARE)"

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
