#!/usr/bin/env bash
# Refuses changes of the contract that break clients of the last release. What was released is kept as an image in
# the tree (`make proto-release` writes it), so that this works offline and in a shallow clone without tags.
#
# usage: scripts/proto-breaking.sh [DIR]     DIR: the protos to check, by default protos/
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "${1:-$root/protos}"
exec "$root/node_modules/.bin/buf" breaking --against "$root/protos/released.binpb"
