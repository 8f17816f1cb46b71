#!/usr/bin/env bash
# Gets a kubectl for the tests: the one on PATH, else one from the distribution's packages. Silent when there is nothing
# to do. Where none can be had the tests that need one skip, so this never fails.
set -uo pipefail

if command -v kubectl > /dev/null; then exit 0; fi

give_up() {
  echo "kubectl is missing: the tests that run it are skipped" >&2
  exit 0
}

command -v apt-get > /dev/null || give_up

as_root=()
if [[ "$(id -u)" != 0 ]]; then
  if ! sudo -n true 2> /dev/null; then give_up; fi
  as_root=(sudo -n)
fi

install_package() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=60 kubernetes-client > /dev/null 2>&1 < /dev/null
}

# The lists of packages may be missing or old: they are fetched only when the first try fails.
echo "installing kubectl from the distribution's packages" >&2
install_package || { "${as_root[@]}" apt-get update -qq > /dev/null 2>&1 < /dev/null && install_package; } || give_up
command -v kubectl > /dev/null || give_up
