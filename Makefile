# Every target works on a clean checkout. `make help` lists them.
SHELL := /bin/bash
PREFIX ?= /usr/local
ARGS ?=
CONFIG ?= examples/self/doorbell.yaml
SWIFT ?= swift
# Release binaries carry the Swift runtime with them.
RELEASE := --configuration release --static-swift-stdlib
BINARIES := .build/release

.PHONY: help setup build run cluster test faults bench lint format schemas install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what this machine lacks (Debian packages; needs root or sudo only when something is missing)
	@.ci/setup

build: setup ## release binaries in .build/release that need no Swift installation
	$(SWIFT) build $(RELEASE) --product doorbell
	$(SWIFT) build $(RELEASE) --product doorbell-worker

run: build ## build, then run `doorbell up` on the example, which watches this repository (ARGS=--once: end after one buildset)
	@$(BINARIES)/doorbell up $(CONFIG) $(ARGS)

cluster: build ## a private PostgreSQL and RabbitMQ, two of every service and four workers on this machine, until Ctrl-C
	@deploy/cluster/cluster $(CONFIG)

# In groups, each by itself parallel: what starts servers and processes by the dozen is not to starve what only computes.
TESTS := 'DomainTests|SignalsTests|WireTests|HTTPDoorTests|LayoutTests|RuntimeTests|SchedulingTests|DispatchTests|WebTests|IntakeTests' \
    StorageSQLiteTests StoragePostgresTests SignalsAMQPTests RelayTests WorkerAgentTests DeployTests EndToEndTests SimulationTests FaultTests

test: setup ## build and run every test
	$(SWIFT) build --build-tests
	@SWIFT=$(SWIFT) .ci/test 900 $(TESTS)

faults: setup ## the long fault suites: simulations, and kill -9 and outages at random moments (SEED=number repeats a run)
	$(SWIFT) build --build-tests
	@SWIFT=$(SWIFT) PARALLEL= DOORBELL_FAULTS=long DOORBELL_FAULTS_SEED=$(SEED) .ci/test 10800 SimulationTests FaultTests

bench: build ## figures as ratios to floors measured in the same run
	$(SWIFT) build $(RELEASE) --product doorbell-bench
	$(SWIFT) build $(RELEASE) --product doorbell-floor
	@$(BINARIES)/doorbell-bench --binaries $(BINARIES) $(ARGS)

lint: ## formatting, strictly
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests schemas

format: ## format in place
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests schemas

schemas: setup ## write the schemas of events and of the API anew, after what they promise was extended
	DOORBELL_WRITE_SCHEMAS=1 $(SWIFT) test --filter WireTests.SchemaFilesTests

install: build ## install the binaries below PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BINARIES)/doorbell $(BINARIES)/doorbell-worker $(DESTDIR)$(PREFIX)/bin/

clean: ## remove what was built
	rm -rf .build
