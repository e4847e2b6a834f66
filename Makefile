# Zhilu 执录. `make` lists what there is to do. A fresh clone needs Go, git and make; the rest is fetched.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Git may belong to another user in a container; the version is given here instead of being stamped by Go.
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
export CGO_ENABLED ?= 0
export GOFLAGS := -buildvcs=false $(filter-out -buildvcs=%,$(GOFLAGS))
GOLANGCI := .cache/bin/golangci-lint
VERSITYGW := .cache/bin/versitygw
TOXIPROXY := .cache/bin/toxiproxy-server
FUZZTIME ?= 5m
ARGS ?=
ONLY ?=
PKG ?= ./...
TESTFLAGS ?=

# ../shared/media holds real camera files. Where it must be (CI) or is, a test that skips for want of it fails.
REQUIRE := ZHILU_REQUIRE_TOOLS=1 ZHILU_REQUIRE_POSTGRES=1
ifneq ($(filter true,$(CI))$(wildcard ../shared/media),)
REQUIRE += ZHILU_REQUIRE_MEDIA=1
endif

.PHONY: help
help: ## list what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo '  PKG=./internal/db/...  narrows test, race and bench;  ARGS="…" goes to zhilu demo;  FUZZTIME=1m to each fuzz target'

.PHONY: build
build: ## build bin/zhilu, one static binary
	@mkdir -p bin
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/zhilu ./cmd/zhilu

.PHONY: verifiers
verifiers: ## build the program for the computers of courts, into bin/verifiers, from where it goes on every evidence disc
	@mkdir -p bin/verifiers
	@for t in windows/amd64 linux/amd64 linux/arm64 linux/loong64; do \
	  out=bin/verifiers/zhilu-$${t%/*}-$${t#*/}; case $$t in windows/*) out=$$out.exe;; esac; \
	  GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $$out ./cmd/zhilu || exit 1; \
	done; ls -l bin/verifiers

.PHONY: demo
demo: ## install what the demo needs, build, make a small bureau, dock footage, serve it
	@scripts/setup demo
	@$(MAKE) build
	bin/zhilu demo $(ARGS)

.PHONY: test
test: ## generated files, vet, linter, all tests under a private PostgreSQL (what CI runs)
	@scripts/setup test
	@wrong=; \
	scripts/step generated-files scripts/generated || wrong+=' generated-files'; \
	scripts/step vet go vet ./... || wrong+=' vet'; \
	{ $(MAKE) -s $(GOLANGCI) && scripts/step lint $(GOLANGCI) run; } || wrong+=' lint'; \
	$(MAKE) unit || wrong+=' tests'; \
	[ -z "$$wrong" ] || { echo "not in order:$$wrong" >&2; exit 1; }

.PHONY: check
check: test ## the same, by its other name

.PHONY: unit
unit: $(VERSITYGW) $(TOXIPROXY) ## only the tests, under a private PostgreSQL
	@mkdir -p .cache/bin
	@go build -o .cache/bin/testsum ./scripts/testsum
	@$(REQUIRE) scripts/with-postgres .cache/bin/testsum -vet=off -timeout 45m $(TESTFLAGS) $(PKG)

.PHONY: race
race: $(VERSITYGW) $(TOXIPROXY) ## the tests under the race detector (needs a C compiler)
	@mkdir -p .cache/bin
	@go build -o .cache/bin/testsum ./scripts/testsum
	@CGO_ENABLED=1 $(REQUIRE) scripts/with-postgres .cache/bin/testsum -race -vet=off -timeout 90m $(TESTFLAGS) $(PKG)

.PHONY: fuzz
fuzz: ## every fuzz target for five minutes (FUZZTIME=10s for less), and a table
	@scripts/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## every benchmark once
	scripts/with-postgres go test -run '^$$' -bench . -benchtime 1x -benchmem -vet=off $(PKG)

.PHONY: bench-library
bench-library: ## pages of a library of 1,000,000 recordings, 20 a second, on SQLite and PostgreSQL (some ten minutes)
	ZHILU_BENCH_ROWS=1000000 scripts/with-postgres go test -run '^$$' -bench BenchmarkLibrary -benchtime 1x -timeout 60m -vet=off -v ./internal/web/library

SIZE_MB ?= 1024

.PHONY: bench-intake
bench-intake: build ## card to stored and verified against cp+sync+sha256sum (SIZE_MB=n): throughputs, ratio last
	@go run ./scripts/bench-intake -size $(SIZE_MB)

.PHONY: bench-memory
bench-memory: ## 20 uploads of 1 GiB at once: peak memory of the server, and of tusd with the same (needs 45 GB of disk)
	ZHILU_FAULT_UPLOAD_MB=1024 go test -run '^$$' -bench BenchmarkUploads -benchtime 1x -timeout 60m -vet=off ./internal/hardship/memory

.PHONY: bench-log
bench-log: ## entries a second against a plain table, proofs in a log of 1,000,000, on SQLite and PostgreSQL (some four minutes)
	scripts/with-postgres go test -run '^$$' -bench 'BenchmarkLog|BenchmarkProof' -benchtime 1x -timeout 60m -vet=off ./internal/custody

.PHONY: bench-dossier
bench-dossier: ## a case of 200 papers as one package, printed by the real press, made durable and checked (needs scripts/setup sheet)
	ZHILU_REQUIRE_TOOLS=1 go test -run '^$$' -bench BenchmarkPackage -benchtime 3x -vet=off ./internal/casefile/dossier

WHOLE_MB ?= 20000

.PHONY: bench-whole
bench-whole: ## a whole case of 200 papers and WHOLE_MB of footage as one package, beside cp+sync of the same bytes: seconds, ratio (disk: twice WHOLE_MB)
	ZHILU_REQUIRE_TOOLS=1 ZHILU_BENCH_WHOLE_MB=$(WHOLE_MB) go test -run '^$$' -bench BenchmarkWhole -benchtime 1x -timeout 60m -vet=off ./internal/disclosure/whole

.PHONY: bench-continuity
bench-continuity: ## the verdict of 10 cameras with 200 files each, and of a day of 500 activities: ms
	@go test -run xxx -bench . -benchtime 50x ./internal/continuity
	@go test -run xxx -bench BenchmarkDay -benchtime 3x ./internal/coverage

.PHONY: bench-slate
bench-slate: ## how many times faster than it plays an hour of 720p is searched for slates, on one core
	@taskset -c 0 go test -run '^$$' -bench BenchmarkHour -benchtime 1x -timeout 60m ./internal/slate/find

.PHONY: bench-media
bench-media: ## our reader against ffprobe on a one-hour MP4, plain and fragmented: ms, ratios, peak memory
	go test -run '^$$' -bench BenchmarkTimeline -benchtime 20x -vet=off ./internal/media/timeline

.PHONY: fault
fault: $(TOXIPROXY) ## the fault suites whole, and a table of them; ONLY="G1 G4" for these, ZHILU_FAULT_SEED=n for other points (an hour)
	@scripts/setup test
	@scripts/fault $(ONLY)

.PHONY: fault-media
fault-media: ## 10,000 camera files spoiled by us and 10,000 by zzuf, through our readers and the fenced prober (hours on a busy machine)
	@scripts/setup test
	ZHILU_MUTANTS=10000 ZHILU_REQUIRE_MEDIA=1 ZHILU_REQUIRE_TOOLS=1 go test -run 'TestMutants|TestZzuf' -timeout 9h -vet=off -v ./internal/media

.PHONY: lint
lint: $(GOLANGCI) ## golangci-lint with the reasoned list in .golangci.yml
	@$(GOLANGCI) run

.PHONY: fmt
fmt: $(GOLANGCI) ## format Go code (gofumpt, import groups)
	@$(GOLANGCI) fmt

.PHONY: generate
generate: ## write generated code anew: templ pages, the browser bundle
	@scripts/generate

$(GOLANGCI): tools/go.mod tools/go.sum
	@mkdir -p $(@D)
	@echo 'building golangci-lint (once; a few minutes)' >&2
	@go -C tools build -trimpath -ldflags '-s -w' -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

$(VERSITYGW): tools/versitygw/go.mod tools/versitygw/go.sum
	@mkdir -p $(@D)
	@echo 'building versitygw, the S3 store of the tests (once; a minute)' >&2
	@go -C tools/versitygw build -trimpath -ldflags '-s -w' -o ../../$@ github.com/versity/versitygw/cmd/versitygw
	@touch $@

$(TOXIPROXY): tools/toxiproxy/go.mod tools/toxiproxy/go.sum
	@mkdir -p $(@D)
	@echo 'building toxiproxy, the bad lines of the tests (once; some seconds)' >&2
	@go -C tools/toxiproxy build -trimpath -ldflags '-s -w' -o ../../$@ github.com/Shopify/toxiproxy/v2/cmd/server
	@touch $@
