#!/usr/bin/env bash
# Gets a kubectl for the tests: the one on PATH, else one from the distribution's packages. Silent when there is nothing
# to do. Where none can be had the tests that need one skip, so this never fails.
set -uo pipefail

if command -v kubectl > /dev/null; then exit 0; fi
if "$(dirname "$0")/install-package.sh" kubernetes-client && command -v kubectl > /dev/null; then exit 0; fi
echo "kubectl is missing: the tests that run it are skipped" >&2
