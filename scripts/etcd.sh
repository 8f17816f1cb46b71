#!/usr/bin/env bash
# Prints the paths of the etcd to measure beside, a line each, the newest first. ETCD names them (one, or several with
# spaces between; empty: none). Otherwise they are a release that Go builds, and the one on PATH or else Debian's; both
# are kept in .cache/etcd, and nothing is installed. Where none can be had it prints none, and says so.
set -uo pipefail

release=3.7.3
cache="$(cd "$(dirname "$0")/.." && pwd)/.cache/etcd"

if [[ -n "${ETCD+set}" ]]; then
  read -r -d '' -a asked <<< "$ETCD" || true
  for path in "${asked[@]}"; do
    if [[ ! -f "$path" || ! -x "$path" ]]; then
      echo "ETCD names $path, which is no program: give the path of an etcd" >&2
      exit 1
    fi
    echo "$path"
  done
  exit 0
fi

# Leaves something of the cache whole or not at all: `keep PLACE COMMAND...` runs it in a directory that becomes PLACE.
keep() {
  local place="$1" work
  shift
  mkdir -p "$cache" && work="$(mktemp -d -p "$cache" making-XXXXXX)" || return 1
  if (cd "$work" && "$@") > "$work.log" 2>&1 < /dev/null && rm -rf "$place" && mv "$work" "$place"; then
    rm -f "$work.log"
  else
    tail -n 1 "$work.log" >&2
    rm -rf "$work" "$work.log"
    return 1
  fi
}

# The sources stay in a directory of their own, so that what is kept is one program.
build() {
  mkdir source && cd source || return 1
  cat > main.go << 'END'
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
END
  export GOWORK=off GOFLAGS=-mod=mod CGO_ENABLED=0
  go mod init etcd && go get "go.etcd.io/etcd/server/v3/etcdmain@v$release" && go build -trimpath -o ../etcd . || return 1
  cd .. && rm -rf source
}

# apt-get downloads packages for anybody.
unpack() {
  apt-get download etcd-server && dpkg -x etcd-server_*.deb . && rm etcd-server_*.deb
}

built="$cache/$release/etcd"
if [[ ! -x "$built" ]] && command -v go > /dev/null; then
  echo "building etcd $release, once" >&2
  keep "$cache/$release" build
fi

packaged="$(type -P etcd)" || packaged="$cache/debian/usr/bin/etcd"
if [[ ! -x "$packaged" ]] && command -v apt-get > /dev/null && command -v dpkg > /dev/null; then
  keep "$cache/debian" unpack
fi

found="$(
  for path in "$built" "$packaged"; do
    [[ ! -x "$path" ]] || echo "$("$path" --version | sed -n 's/^etcd Version: //p') $path"
  done | sort --version-sort --reverse | cut -d ' ' -f 2-
)"
if [[ -z "$found" ]]; then
  echo "there is no etcd to measure beside: install Go or the package etcd-server, or set ETCD to the path of one" >&2
else
  echo "$found"
fi
