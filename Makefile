# What one does with this repository. `make` alone lists it.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help sandbox test build simulate chaos install uninstall lint format schemas check-deploy bench clean dependencies

# The tests run in folders of their own, so a relative path would lead them elsewhere.
ifneq ($(KAFKA_HOME),)
override KAFKA_HOME := $(abspath $(KAFKA_HOME))
export KAFKA_HOME
endif

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

sandbox: build ## try it: broker, adapter, worker and sample requests in one process (SANDBOX_ARGS="--once")
	.build/release/linkworker sandbox $(SANDBOX_ARGS)

test: ## install what is missing, build, lint, check the schemas and deploy/, run every test (KAFKA_HOME: also on a real Kafka)
	scripts/install-dependencies --build --test
	swift build --build-tests
	$(MAKE) --no-print-directory lint schemas check-deploy
	@# One test at a time: side by side on few cores, those that wait for processes and sockets starve each other.
	@status=0; swift test --no-parallel $(TEST_ARGS) || status=$$?; \
	if [ -z "$$KAFKA_HOME" ]; then \
	  echo "NOT RUN: the tests on a real Kafka. Set KAFKA_HOME to an unpacked Apache Kafka (3.8 or newer) to run them."; \
	fi; \
	exit $$status

# Without Swift's own libraries beside it, the binary runs where only the C libraries are.
build: dependencies ## build .build/release/linkworker
	swift build -c release --static-swift-stdlib --product linkworker

simulate: build ## play the worker through 100 000 histories full of faults, and find every deliberate error (SIMULATE_ARGS="--seeds 1..500")
	.build/release/linkworker simulate $(or $(SIMULATE_ARGS),--seeds 1..100000)
	.build/release/linkworker simulate --mutant all

chaos: ## faults on a real Kafka (KAFKA_HOME) as long as one likes (CHAOS_ARGS="--minutes 10 --seed 7")
	scripts/install-dependencies --build --test
	scripts/chaos $(CHAOS_ARGS)

# What is installed was built before: as root there may be no Swift. DESTDIR goes before every path, for packages.
PREFIX ?= /usr/local
BINARY ?= .build/release/linkworker
MANUALS ?= $(PREFIX)/share/man/man1
BASH_COMPLETIONS ?= $(PREFIX)/share/bash-completion/completions
ZSH_FUNCTIONS ?= $(PREFIX)/share/zsh/site-functions

install: .SHELLFLAGS := -o pipefail -c
install: ## put the built binary, its manual page and its completions in their places (PREFIX=/usr/local, DESTDIR=)
	@[ -x "$(BINARY)" ] || { echo "make install: there is no $(BINARY). Try: make build" >&2; exit 66; }
	install -D -m 755 "$(BINARY)" "$(DESTDIR)$(PREFIX)/bin/linkworker"
	install -d "$(DESTDIR)$(MANUALS)" "$(DESTDIR)$(BASH_COMPLETIONS)" "$(DESTDIR)$(ZSH_FUNCTIONS)"
	"$(BINARY)" man | install -m 644 /dev/stdin "$(DESTDIR)$(MANUALS)/linkworker.1"
	"$(BINARY)" completion bash | install -m 644 /dev/stdin "$(DESTDIR)$(BASH_COMPLETIONS)/linkworker"
	"$(BINARY)" completion zsh | install -m 644 /dev/stdin "$(DESTDIR)$(ZSH_FUNCTIONS)/_linkworker"

uninstall: ## remove what make install has put there, with the same PREFIX and DESTDIR
	rm -f "$(DESTDIR)$(PREFIX)/bin/linkworker" "$(DESTDIR)$(MANUALS)/linkworker.1" \
	  "$(DESTDIR)$(BASH_COMPLETIONS)/linkworker" "$(DESTDIR)$(ZSH_FUNCTIONS)/_linkworker"

lint: ## check the style of the source
	swift format lint --strict --recursive Sources Tests Package.swift

format: ## bring the source into its style
	swift format --in-place --recursive Sources Tests Package.swift

schemas: ## check schemas, examples and the documents' JSON with an independent validator
	scripts/check-schemas

check-deploy: ## check deploy/ with the tools that are here
	scripts/check-deploy

bench: ## measure throughput, latency and memory on a real Kafka (KAFKA_HOME; BENCH_ARGS="--help")
	@[ -n "$$KAFKA_HOME" ] || { echo "make bench: KAFKA_HOME must name an unpacked Apache Kafka (3.8 or newer)." >&2; exit 69; }
	$(MAKE) --no-print-directory build
	swift build -c release --static-swift-stdlib --product linkbench
	.build/release/linkbench $(BENCH_ARGS)

clean: ## remove what building made
	rm -rf .build

dependencies: ## install what building needs and the machine lacks
	scripts/install-dependencies --build
