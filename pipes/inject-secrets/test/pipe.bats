# The entry point alone, with a stub in place of node. $SCRIPT_SHELL runs it.

setup() {
  script="$BATS_TEST_DIRNAME/../pipe.sh"
  mkdir "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/clone"
  export PATH="$BATS_TEST_TMPDIR/bin:$PATH"
  export BITBUCKET_CLONE_DIR="$BATS_TEST_TMPDIR/clone"
  printf '#!/bin/sh\nprintf "<%%s>" "$ZVAULT_CI_KEYS" "$@" > "%s/call"\n' "$BATS_TEST_TMPDIR" > "$BATS_TEST_TMPDIR/bin/node"
  chmod +x "$BATS_TEST_TMPDIR/bin/node"
}

@test "a list of keys, items with blanks and quotes too" {
  KEYS_COUNT=2 KEYS_0="it's \$(touch $BATS_TEST_TMPDIR/run)" KEYS_1='B *' run "$SCRIPT_SHELL" "$script"
  [ "$status" -eq 0 ]
  [[ "$(cat "$BATS_TEST_TMPDIR/call")" == "<it's \$(touch $BATS_TEST_TMPDIR/run)
B *>"* ]]
  [ ! -e "$BATS_TEST_TMPDIR/run" ]
}

@test "a count that is no number is refused before anything runs" {
  KEYS_COUNT='1; touch x' run "$SCRIPT_SHELL" "$script"
  [ "$status" -ne 0 ]
  [[ "$output" == *ZVCI-100* ]]
  [ ! -e "$BATS_TEST_TMPDIR/call" ]
}

@test "the folder is closed to others, and the file is in it" {
  OUTPUT_DIR='out put' run "$SCRIPT_SHELL" "$script"
  [ "$status" -eq 0 ]
  [ "$(stat -c %a "$BITBUCKET_CLONE_DIR/out put")" = 700 ]
  [[ "$(cat "$BATS_TEST_TMPDIR/call")" == *"<--output><$BITBUCKET_CLONE_DIR/out put/load.sh><--self-delete>" ]]
}
