# Make is the interface: every task of the project is a target here, and each does its own set-up.
# `make start` and `make test` are meant to be the first command on a machine with Node and make.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := node_modules/.bin
VITEST := $(BIN)/vitest run --passWithNoTests
INSTALLED := node_modules/.package-lock.json
BUILT := dist/.built
BENCH_BUILT := dist/.bench-built
SOURCES := $(shell find src commands -name '*.ts' 2>/dev/null)
BENCHES := $(wildcard bench/*.ts bench/*/*.ts)

# What comes after `make start` and `make bench` on the command line of the program:
#   make start ARGS='--port 7000'        make bench ONLY=latency ARGS='--rounds 9'
ARGS ?=
ONLY ?=
FUZZ_SECONDS ?= 60
# Requests made from the grammar, in RESP2 and again in RESP3, and the seed they come from.
COMMANDS ?= 100000
SEED ?= 1

.PHONY: help start build test unit model conformance clients software fuzz fault tidy bench bench-full bench-engine docs audit check clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

start: $(BUILT) ## Runs the server on port 6379, or as ARGS says
	@exec node dist/main.js $(ARGS)

build: $(BUILT) ## Compiles src/ and commands/ to dist/

test: $(INSTALLED) ## Runs every test
	@$(VITEST)

unit: $(INSTALLED) ## Tests one file of src/ at a time
	@$(VITEST) test/unit

model: $(INSTALLED) ## Tests the engine against simple models
	@$(VITEST) test/model

conformance: $(INSTALLED) ## Sends the same lines to redis-server and to us
	@$(VITEST) test/conformance

clients: $(INSTALLED) ## Tests with the client libraries people use
	@$(VITEST) test/clients

software: $(INSTALLED) ## Tests with programs and libraries written for Redis
	@$(VITEST) test/software

fuzz: $(INSTALLED) ## Looks for trouble at random: FUZZ_SECONDS, COMMANDS from SEED
	@FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_COMMANDS=$(COMMANDS) FUZZ_SEED=$(SEED) $(VITEST) test/fuzz

fault: $(INSTALLED) ## Tests with memory, sockets and disks that fail
	@$(VITEST) test/fault

tidy: $(INSTALLED) ## Checks types, format and the style a machine can hold
	@$(BIN)/tsc --noEmit
	@$(BIN)/biome check --error-on-warnings
	@$(VITEST) test/tidy.test.ts

bench: $(BENCH_BUILT) ## Measures beside redis-server in a few minutes: all parts, or ONLY=latency
	@node dist/bench/run.js $(if $(ONLY),--only='$(ONLY)') $(ARGS)

bench-full: $(BENCH_BUILT) ## Measures every case, for hours; ONLY and ARGS as for bench
	@node dist/bench/run.js --full $(if $(ONLY),--only='$(ONLY)') $(ARGS)

bench-engine: $(BENCH_BUILT) ## Measures inside the process: all benches, or ONLY=zone
	@node dist/bench/run.js engine $(ONLY)

docs: $(INSTALLED) ## Writes the generated pages of docs/ again
	@ZONIS_DOCS=write $(VITEST) test/docs.test.ts

audit: $(INSTALLED) ## Asks the registry what is known against the packages that programs load
	@npm audit --omit=dev

check: $(INSTALLED) ## All a reviewer needs: types, format, tests, pages up to date
	@$(BIN)/tsc --noEmit
	@$(BIN)/biome check --error-on-warnings
	@$(VITEST)

clean: ## Removes what the other targets made
	rm -rf dist node_modules

# What the lock file says, only when it is newer than what is installed. Not `npm ci`: it refuses a
# lock file without the optional packages of every platform, and not every registry has them all.
# No package needs its install script: one would only compile what is there in JavaScript, too.
$(INSTALLED): package-lock.json
	@npm install --no-save --no-audit --no-fund --ignore-scripts
	@touch $@

$(BUILT): $(INSTALLED) $(SOURCES) tsconfig.json tsconfig.build.json rolldown.config.js
	@rm -rf dist/src dist/commands dist/*.js
	@npm run --silent build
	@touch $@

$(BENCH_BUILT): $(BUILT) $(BENCHES) tsconfig.bench.json
	@rm -rf dist/bench
	@$(BIN)/tsc -p tsconfig.bench.json
	@touch $@
