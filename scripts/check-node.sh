#!/usr/bin/env bash
# Ends with one clear line unless Node >= 20.19 and npm are here.
set -euo pipefail

fail() {
  echo "leasehold needs Node >= 20.19 with npm: $1" >&2
  exit 1
}

command -v node >/dev/null || fail 'no node on PATH; install it from your distribution or https://nodejs.org'
command -v npm >/dev/null || fail 'no npm on PATH; install it beside node'
version=$(node --version)
IFS=. read -r major minor _ <<<"${version#v}"
if ((major < 20 || (major == 20 && minor < 19))); then
  fail "this is $version at $(command -v node); install a newer one"
fi
