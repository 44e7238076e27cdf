#!/bin/sh
# Every value is written in single quotes: sourcing the file runs none of them. It is built whole, then appended at once.
set -eu
umask 077
if [ -z "${BASH_ENV:-}" ]; then echo 'zvault: error: ZVCI-150: BASH_ENV is not set' >&2; exit 2; fi
for name in ENV URL ORG PROJECT; do
    command -v circleci > /dev/null 2>&1 || break
    value=$(printenv "ZVAULT_CI_$name" || :)
    export "ZVAULT_CI_$name=$(BASH_ENV='' circleci env subst "$value")"
done
secrets=$(BASH_ENV='' zvault ci inject --format sh)
touch "$BASH_ENV"
chmod 600 "$BASH_ENV"
printf '%s\n' "$secrets" >> "$BASH_ENV"
