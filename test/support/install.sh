#!/usr/bin/env bash
# Makes this machine ready for `npm test`: installs what the tests need and npm does not carry.
set -euo pipefail

command -v redis-server >/dev/null && exit 0

install_with_apt() {
  export DEBIAN_FRONTEND=noninteractive
  # The tests start servers of their own: keep the package from starting one, now and at the next boot.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap "rm -f $policy" EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  local log
  if ! log=$(apt-get -qq update 2>&1 &&
    apt-get -qq install -y --no-install-recommends -o DPkg::Lock::Timeout=120 redis-server 2>&1); then
    echo "$log" >&2
    return 1
  fi
  if command -v systemctl >/dev/null; then
    systemctl disable --now redis-server >/dev/null 2>&1 || true
  fi
}

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo 'Installing redis-server, which the tests need, with apt-get.'
  if install_with_apt </dev/null && hash -r && command -v redis-server >/dev/null; then
    exit 0
  fi
fi

cat >&2 <<'MESSAGE'
**********************************************************************
redis-server is missing: every test on a real Redis will be SKIPPED
(the gateway, the stores on Redis, and all that runs through them).

Install it and run the tests again:
  Debian, Ubuntu   sudo apt-get install redis-server
  Fedora           sudo dnf install redis
  Alpine           sudo apk add redis
  macOS            brew install redis
**********************************************************************
MESSAGE
