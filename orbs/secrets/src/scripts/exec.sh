#!/bin/sh
set -eu
# The shell comes with its options, parted by blanks.
# shellcheck disable=SC2086
exec zvault ci exec -- $PARAM_SHELL -c "$PARAM_COMMAND"
