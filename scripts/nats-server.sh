#!/usr/bin/env bash
# Makes sure that there is a nats-server: the one on PATH, else one from the distribution's packages.
# Silent when there is nothing to do, and where NATS_URL names a NATS that is used instead.
set -uo pipefail

PATH="$PATH:/usr/sbin:/usr/local/sbin"

if [[ -n "${NATS_URL:-}" ]] || command -v nats-server > /dev/null; then exit 0; fi
if "$(dirname "$0")/install-package.sh" nats-server && command -v nats-server > /dev/null; then exit 0; fi
echo "nats-server is missing: install the package nats-server, or set NATS_URL to a NATS that runs" >&2
exit 1
