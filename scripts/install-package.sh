#!/usr/bin/env bash
# Installs a package of the distribution, where apt is and this user may: `install-package.sh PACKAGE`. Fails, silently,
# where it cannot.
set -uo pipefail

package="$1"
command -v apt-get > /dev/null || exit 1

as_root=()
if [[ "$(id -u)" != 0 ]]; then
  if ! sudo -n true 2> /dev/null; then exit 1; fi
  as_root=(sudo -n)
fi

install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=60 "$package" > /dev/null 2>&1 < /dev/null
}

# The lists of packages may be missing or old: they are fetched only when the first try fails.
echo "installing $package from the distribution's packages" >&2
install || { "${as_root[@]}" apt-get update -qq > /dev/null 2>&1 < /dev/null && install; }
