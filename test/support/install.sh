#!/usr/bin/env bash
# Makes this machine ready for `npm test`: installs what the tests need and npm does not carry.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
bash "$here/parts.sh" keyv otel package recipes redis-clients typescript versions workerd

# Debian's servers are where the path of a plain user does not lead.
export PATH="$PATH:/usr/sbin:/usr/local/sbin"

lacking() {
  local one
  for one in redis-server memcached nginx chromium; do
    command -v "$one" >/dev/null || printf '%s ' "$one"
  done
}

missing=$(lacking)
[ -z "$missing" ] && exit 0

install_with_apt() {
  export DEBIAN_FRONTEND=noninteractive
  # The tests start servers of their own: keep the packages from starting one, now and at the next boot.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap "rm -f $policy" EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  local log
  # shellcheck disable=SC2086 # one word each
  if ! log=$(apt-get -qq update 2>&1 &&
    apt-get -qq install -y --no-install-recommends -o DPkg::Lock::Timeout=120 $missing 2>&1); then
    echo "$log" >&2
    return 1
  fi
  if command -v systemctl >/dev/null; then
    # One by one: a package without a service would keep the others running.
    for one in $missing; do systemctl disable --now "$one" >/dev/null 2>&1 || true; done
  fi
}

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing what the tests need with apt-get: $missing"
  install_with_apt </dev/null && hash -r || true
  missing=$(lacking)
  [ -z "$missing" ] && exit 0
fi

case " $missing" in *' redis-server '*)
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
  ;;
esac

case " $missing" in *' memcached '*)
  cat >&2 <<'MESSAGE'
**********************************************************************
memcached is missing: the tests of kvStore on it will be SKIPPED.

Install it and run the tests again:
  Debian, Ubuntu   sudo apt-get install memcached
  Fedora           sudo dnf install memcached
  Alpine           sudo apk add memcached
  macOS            brew install memcached
**********************************************************************
MESSAGE
  ;;
esac

case " $missing" in *' nginx '*)
  cat >&2 <<'MESSAGE'
**********************************************************************
nginx is missing: the tests behind a real shared cache will be SKIPPED.

Install it and run the tests again:
  Debian, Ubuntu   sudo apt-get install nginx
  Fedora           sudo dnf install nginx
  Alpine           sudo apk add nginx
  macOS            brew install nginx
**********************************************************************
MESSAGE
  ;;
esac

case " $missing" in *' chromium '*)
  cat >&2 <<'MESSAGE'
**********************************************************************
chromium is missing: the tests in a real browser will be SKIPPED.

Install it and run the tests again:
  Debian           sudo apt-get install chromium
  Fedora           sudo dnf install chromium
  Alpine           sudo apk add chromium
**********************************************************************
MESSAGE
  ;;
esac
