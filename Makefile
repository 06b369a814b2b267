# make test is all that a fresh machine needs: it installs what the tests use
# (Debian: Dovecot, Postfix, GnuPG, Chromium), then vets, builds and tests everything.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 30s
CONTACTS ?= 20000
SEED ?= 1
KILLS ?= 20

.PHONY: build test test-long test-vendors packages lint fmt fuzz bench soak generate check-generated clean

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/stagecoach ./cmd/stagecoach

# SQLite, which is C made into Go, is not what the race detector is for.
UNWATCHED := -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false

# With STAGECOACH_RIG=1 a missing server is a failure; without, its tests are
# skipped.
test: packages
	go vet ./...
	CGO_ENABLED=0 go build ./...
	STAGECOACH_RIG=1 go test -race $(UNWATCHED) -shuffle=on -count=1 -timeout 20m ./...

# Tests that take minutes: TestChaos… kills the daemon wherever it can, and
# TestBrowser… works in Chromium. Before them, what the race detector gets only a
# part of: the core with large numbers and all days, hostile, large and cut mails.
test-long: packages
	go test -count=1 -timeout 10m ./router ./router/sim
	go test -count=1 -timeout 10m -run 'InBounds$$|AfterItsJourney$$|CutAnywhere$$|ArriveWhole$$' ./channels/email
	STAGECOACH_RIG=1 go test -count=1 -timeout 60m -tags 'chaos browser' -run '^Test(Chaos|Browser)' ./...

# The e-mail channel against other makers' servers, Bluesky's against its makers'
# network, and Slack's own clients against our Slack; all are fetched.
test-vendors:
	scripts/vendors
	channels/bluesky/devenv/try
	channels/slack/slackfake/vendor.sh

packages:
	scripts/packages

lint:
	scripts/lint run

fmt:
	scripts/lint fmt
	cd desk/web && go tool templ fmt .
	cd desk/portal && go tool templ fmt .

fuzz:
	scripts/fuzz $(FUZZTIME)

bench: build
	go test -run '^$$' -bench . -benchmem ./...
	bin/stagecoach bench all

# Many contacts through the whole daemon; fails unless the ledger adds up. Then each
# channel's adapter is killed KILLS times while it receives, and as often while it
# sends; a list of a million customers is loaded through four kills, and a million are
# measured.
soak: build
	bin/stagecoach demo --headless --contacts $(CONTACTS) --seed $(SEED) --json
	STAGECOACH_BIN=$(CURDIR)/bin/stagecoach STAGECOACH_KILLS=$(KILLS) STAGECOACH_SEED=$(SEED) \
	  go test -count=1 -v -timeout 60m -tags chaos -run '^TestChaosChannels$$' ./e2e
	STAGECOACH_BIN=$(CURDIR)/bin/stagecoach STAGECOACH_IMPORT_ROWS=1000000 \
	  go test -count=1 -v -timeout 60m -tags chaos -run '^TestChaosImport$$' ./e2e
	bin/stagecoach bench customers --customers 1000000

# Run beside the templates, so that they are named the same by whoever runs it.
generate:
	cd desk/web && go tool templ generate
	cd desk/portal && go tool templ generate

# Generated code is committed; it must be what the sources give.
check-generated: generate
	@changed=$$(git status --porcelain -- '*_templ.go'); if [[ -n "$$changed" ]]; then \
	  echo "generated code differs from what is committed: run make generate and commit" >&2; \
	  git --no-pager diff --stat -- '*_templ.go' >&2; echo "$$changed" >&2; exit 1; fi

clean:
	rm -rf bin .cache
