#!/bin/sh
set -eu
BASH_ENV='' zvault ci inject --format "$PARAM_FORMAT" --output "$PARAM_PATH"
