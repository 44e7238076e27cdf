#!/bin/sh
# The pre-commit hook: runs the committed bundle with whatever Node is there. Installing the workspace for it would take minutes.
set -eu
# No program is started for it: this is part of what a commit waits for.
case $0 in
  */*) folder=${0%/*} ;;
  *) folder=. ;;
esac
if ! command -v node >/dev/null 2>&1; then
  echo 'zvault: error: node is not in PATH (NODE_TOO_OLD)' >&2
  echo 'zvault: hint: install Node.js 20 or newer' >&2
  exit 2
fi
exec node "$folder/dist/scan.cjs" "$@"
