.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := /bin/bash

# The tools that npm installs, without npx, which decorates what they print.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

# npm writes it when everything is installed.
installed := node_modules/.package-lock.json

# Where make build puts what ships.
DIST ?= dist

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: up
up: setup build ## run nats-server, the coordinator and the agents here; Ctrl-C stops all of it
	@exec node dist/scripts/up.js

.PHONY: demo
demo: setup build ## a tour of what goes wrong in a fleet, with real processes; it ends by itself after about 40 s
	@exec node dist/scripts/demo.js

.PHONY: test
test: setup kubectl ## run every test (TESTS='test/coordinator/**' for some; KUBECTLS=all with every kubectl that is here)
	@ava $(TESTS)

.PHONY: faults
faults: setup ## run the tests on real processes that are killed, stopped and cut off (ROUNDS=3 of the longer ones, TIMES=1 in all)
	@mkdir -p test/simulation/results
	@RESULTS=$(or $(RESULTS),test/simulation/results/faults.jsonl) node --import=tsx test/faults/run-faults.ts

.PHONY: interop
interop: setup ## run the Kubernetes clients of Go and Python against a coordinator (INTEROP=go for one), where they are to be had
	@node --import=tsx test/interop/run-interop.ts

.PHONY: simulate
simulate: setup ## run simulated worlds (SEEDS=1000), or one again (SEED=7, PLAN=file.json)
	@exec node --import=tsx test/simulation/simulate.ts

.PHONY: simulate-mutants
simulate-mutants: setup ## plant bugs in a copy of the sources; the simulator must find each (SEEDS=200, MUTANT=name)
	@exec node --import=tsx test/simulation/simulate-mutants.ts

# The load is made with as much room for young objects as a coordinator has.
run-bench := node --max-semi-space-size=32 --import=tsx bench/bench.ts

.PHONY: bench
bench: setup build ## measure beside etcd, if one can be had (CASE=stream,batch for some in full; ETCD=path of one, or none)
ifeq ($(SCALE),smoke)
	@$(run-bench)
else
	@etcds="$$(scripts/etcd.sh)" || exit; ETCD="$$etcds" $(run-bench); status=$$?; \
	  node --import=tsx bench/write-page.ts && exit $$status
endif

.PHONY: profile
profile: setup build ## where a coordinator spends its time in a case, shortened: CASE=stream
	@: $(or $(CASE),$(error name a case: make profile CASE=stream))
	@PROFILES=bench/profiles SCALE=$(or $(SCALE),short) ETCD='' $(run-bench)

# Where make evidence keeps what the runs found.
results := test/simulation/results

.PHONY: evidence
evidence: setup ## run worlds (SEEDS=2000) and planted bugs (MUTANT_SEEDS=200) and write docs/EVIDENCE.md from what they found
	@mkdir -p $(results); failed=0; \
	  SEEDS=$(or $(SEEDS),2000) RESULTS=$(results)/simulation.json \
	    node --import=tsx test/simulation/simulate.ts || failed=1; \
	  SEEDS=$(or $(MUTANT_SEEDS),200) RESULTS=$(results)/mutants.json \
	    node --import=tsx test/simulation/simulate-mutants.ts || failed=1; \
	  node --import=tsx test/simulation/evidence/write-evidence.ts && exit $$failed

.PHONY: lint
lint: setup ## check format, lint, types and the protos
	@biome check .
	@tsc
	@cd protos && buf lint
	@scripts/proto-breaking.sh

.PHONY: format
format: setup ## format the sources
	@biome check --write .
	@cd protos && buf format -w

.PHONY: build
build: generate ## compile what ships into dist/
	@tsc -p tsconfig.build.json --outDir $(DIST)
	@find protos -name '*.proto' -exec cp --parents {} $(DIST) \;
	@chmod +x $(DIST)/cli/leasehold.js $(DIST)/cli/leasectl.js

.PHONY: clean
clean: ## remove what was built (not ./data)
	@rm -rf dist protos/generated node_modules

.PHONY: proto-release
proto-release: setup ## keep the contract as it is now as the released one, which make lint compares with
	@cd protos && buf build -o released.binpb --exclude-source-info

.PHONY: setup
setup: node-check $(installed) nats-server generate ## install what the other targets need

.PHONY: node-check
node-check:
	@scripts/check-node.sh

.PHONY: nats-server
nats-server:
	@scripts/nats-server.sh

.PHONY: kubectl
kubectl:
	@scripts/kubectl.sh

.PHONY: generate
generate: protos/generated/.done

protos/generated/.done: package-lock.json $(wildcard protos/leasehold/v1/*.proto) | $(installed)
	@rm -rf protos/generated && proto-loader-gen-types --longs=String --enums=String --defaults --oneofs \
	  --includeComments --grpcLib=@grpc/grpc-js --targetFileExtension=.ts --importFileExtension=.js \
	  --includeDirs=protos --outDir=protos/generated leasehold/v1/lease_service.proto leasehold/v1/session_service.proto
	@touch $@

$(installed): package-lock.json | node-check
	@npm ci --ignore-scripts --no-progress --loglevel=error && touch $@
