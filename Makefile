.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: up
up: setup build ## run nats-server, the coordinator and the agents here; Ctrl-C stops all of it
	@exec node dist/scripts/up.js

.PHONY: test
test: setup ## run every test (TESTS='test/coordinator/**' for some)
	@npx ava $(TESTS)

.PHONY: lint
lint: setup ## check format, lint, types and the protos
	@npx biome check .
	@npx tsc
	@cd protos && npx buf lint
	@scripts/proto-breaking.sh

.PHONY: format
format: setup ## format the sources
	@npx biome check --write .
	@cd protos && npx buf format -w

.PHONY: build
build: generate ## compile what ships into dist/
	@npx tsc -p tsconfig.build.json
	@cd protos && find . -name '*.proto' -exec cp --parents {} ../dist/protos/ \;
	@chmod +x dist/cli/leasehold.js dist/cli/leasectl.js

.PHONY: setup
setup: node-check node_modules nats-server generate

.PHONY: node-check
node-check:
	@scripts/check-node.sh

.PHONY: nats-server
nats-server:
	@scripts/nats-server.sh

.PHONY: generate
generate: protos/generated/.done

protos/generated/.done: node_modules $(wildcard protos/leasehold/v1/*.proto)
	@rm -rf protos/generated && npx proto-loader-gen-types --longs=String --enums=String --defaults --oneofs \
	  --includeComments --grpcLib=@grpc/grpc-js --targetFileExtension=.ts --importFileExtension=.js \
	  --includeDirs=protos --outDir=protos/generated leasehold/v1/lease_service.proto leasehold/v1/session_service.proto
	@touch $@

node_modules: package-lock.json
	@npm ci --loglevel=error && touch node_modules

.PHONY: clean
clean: ## remove what was built (not ./data)
	@rm -rf dist protos/generated node_modules
