#!/bin/sh
# The variables of the pipe become settings of "zvault ci inject", which writes one file for the script of the step.
set -eu
umask 077

fail() {
    echo "zvault: error: ZVCI-100: $1" >&2
    exit 2
}

# A list arrives as its length in NAME_COUNT and its items in NAME_0, NAME_1 and so on.
items() {
    count=$(printenv "$1_COUNT" || :)
    case $count in
        '') printenv "$1" || : ;;
        *[!0-9]*) fail "$1_COUNT is no number" ;;
        *)
            n=0
            while [ "$n" -lt "$count" ]; do
                printenv "$1_$n" || :
                n=$((n + 1))
            done
            ;;
    esac
}

case ${FORMAT:-sh} in
    sh) name=load.sh ;;
    dotenv) name=secrets.env ;;
    json | yaml) name=secrets.$FORMAT ;;
    *) fail 'FORMAT takes sh, dotenv, json or yaml' ;;
esac
clone=${BITBUCKET_CLONE_DIR:-$PWD}
case ${OUTPUT_DIR:-.zvault} in
    /*) folder=$OUTPUT_DIR ;;
    *) folder=$clone/${OUTPUT_DIR:-.zvault} ;;
esac
mkdir -p "$folder"
if [ "$(cd "$folder" && pwd -P)" = "$(cd "$clone" && pwd -P)" ]; then fail 'OUTPUT_DIR is the clone itself'; fi
chmod 700 "$folder"

ZVAULT_CI_KEYS=$(items KEYS)
ZVAULT_CI_EXCLUDE=$(items EXCLUDE)
ZVAULT_CI_MAP=$(items MAP)
export ZVAULT_CI_KEYS ZVAULT_CI_EXCLUDE ZVAULT_CI_MAP
export ZVAULT_CI_AUTH="${AUTH:-}" ZVAULT_CI_ROLE="${ROLE:-}" ZVAULT_CI_PREFIX="${PREFIX:-}"
export ZVAULT_CI_ON_MISSING="${ON_MISSING:-}" ZVAULT_CI_CA_CERT="${CA_CERT:-}"
# The variables of this container are not those of the step.
export ZVAULT_CI_ON_COLLISION=overwrite
if [ "${DEBUG:-false}" = true ]; then export ZVAULT_DEBUG=1; fi

set -- --format "${FORMAT:-sh}" --output "$folder/$name"
if [ "$name" = load.sh ]; then set -- "$@" --self-delete; fi
node "$(dirname "$0")/zvault.cjs" ci inject "$@"
echo "zvault: keep $folder out of artifacts and caches" >&2
if [ "$name" = load.sh ]; then echo "zvault: load the secrets in the script of the step: . '$folder/load.sh'" >&2; fi
