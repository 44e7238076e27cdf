#!/bin/sh
set -eu
umask 077
if command -v zvault > /dev/null 2>&1; then zvault --version; exit 0; fi
if [ -z "$PARAM_SHA256" ]; then echo 'zvault: error: ZVCI-160: nothing is downloaded without sha256' >&2; exit 7; fi
path=${PARAM_PATH:-$HOME/.local/share/zvault}
mkdir -p "$path"
curl -fsSL --proto '=https' -o "$path/zvault.tgz" "https://registry.npmjs.org/zvault/-/zvault-$PARAM_VERSION.tgz"
sum=$( (sha256sum "$path/zvault.tgz" 2> /dev/null || shasum -a 256 "$path/zvault.tgz") | cut -d ' ' -f 1)
if [ "$sum" != "$PARAM_SHA256" ]; then rm "$path/zvault.tgz"; echo "zvault: error: ZVCI-160: SHA-256 is $sum" >&2; exit 7; fi
tar -xzf "$path/zvault.tgz" -C "$path" --strip-components=1
ln -sf zvault.cjs "$path/bin/zvault"
# shellcheck disable=SC2016
printf 'export PATH="%s/bin:$PATH"\n' "$path" >> "$BASH_ENV"
