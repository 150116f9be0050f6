#!/usr/bin/env bash
# Installs packages of test/parts that only some tests need, as their lock files have them, unless they are there.
# Usage: parts.sh <name of a folder> …
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../parts"

for part in "$@"; do
  installed="$part/node_modules/.installed"
  cmp -s "$part/package-lock.json" "$installed" && continue
  echo "Installing test/parts/$part"
  if (cd "$part" && npm ci --silent --no-audit --no-fund </dev/null); then
    cp "$part/package-lock.json" "$installed"
  else
    printf '%s\n' '**********************************************************************' \
      "test/parts/$part could not be installed: the tests that need it will be SKIPPED." \
      '**********************************************************************' >&2
  fi
done
