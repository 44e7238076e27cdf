#!/bin/sh
set -eu
umask 077
if [ -z "${BASH_ENV:-}" ]; then echo 'zvault: error: ZVCI-150: BASH_ENV is not set' >&2; exit 2; fi
dir=$(mktemp -d)
BASH_ENV='' nohup zvault dev --port "$PARAM_PORT" ${PARAM_SEED:+--seed "$PARAM_SEED"} > "$dir/vault" 2> "$dir/log" &
until [ -s "$dir/vault" ]; do
    kill -0 $! 2> /dev/null || { echo "zvault: error: ZVCI-170: $(cat "$dir/log")" >&2; exit 6; }
    sleep 0.1
done
# shellcheck source=/dev/null
. "$dir/vault"
printf %s "$ZVAULT_TOKEN" > "$dir/token"
grep -E '^export ZVAULT_(URL|ORG|PROJECT|ENV)=' "$dir/vault" >> "$BASH_ENV"
printf 'export ZVAULT_TOKEN= ZVAULT_TOKEN_FILE=%s\n' "$dir/token" >> "$BASH_ENV"; rm "$dir/vault"
