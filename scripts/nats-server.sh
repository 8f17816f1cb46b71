#!/usr/bin/env bash
# Makes sure that there is a nats-server: the one on PATH, else one from the distribution's packages.
# Silent when there is nothing to do, and where NATS_URL names a NATS that is used instead.
set -euo pipefail

PATH="$PATH:/usr/sbin:/usr/local/sbin"

if [[ -n "${NATS_URL:-}" ]] || command -v nats-server > /dev/null; then exit 0; fi

give_up() {
  echo "nats-server is missing: install the package nats-server, or set NATS_URL to a NATS that runs" >&2
  exit 1
}

command -v apt-get > /dev/null || give_up

as_root=()
if [[ "$(id -u)" != 0 ]]; then
  if ! sudo -n true 2> /dev/null; then give_up; fi
  as_root=(sudo -n)
fi

install_package() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=60 nats-server > /dev/null 2>&1 < /dev/null
}

# The lists of packages may be missing or old: they are fetched only when the first try fails.
echo "installing nats-server from the distribution's packages" >&2
install_package || { "${as_root[@]}" apt-get update -qq > /dev/null 2>&1 < /dev/null && install_package; } || give_up
command -v nats-server > /dev/null || give_up
