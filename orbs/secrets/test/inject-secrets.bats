# The script alone, with a stub in place of the command. $SCRIPT_SHELL runs it.

setup() {
  script="$BATS_TEST_DIRNAME/../src/scripts/inject-secrets.sh"
  mkdir "$BATS_TEST_TMPDIR/bin"
  export PATH="$BATS_TEST_TMPDIR/bin:$PATH"
  export BASH_ENV="$BATS_TEST_TMPDIR/bash.env"
}

stub() {
  printf '#!/bin/sh\n%s\n' "$2" > "$BATS_TEST_TMPDIR/bin/$1"
  chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

@test "what the command prints is appended, for its owner alone" {
  stub zvault "printf \"export A='it'\\\\\\\\''s'\\nexport B=''\\n\""
  run "$SCRIPT_SHELL" "$script"
  [ "$status" -eq 0 ]
  [ "$output" = "" ]
  [ "$(cat "$BASH_ENV")" = "export A='it'\\''s'
export B=''" ]
  [ "$(stat -c %a "$BASH_ENV")" = 600 ]
}

@test "the command does not see a half-written BASH_ENV" {
  stub zvault 'echo "export SEEN=${BASH_ENV:-none}"'
  run "$SCRIPT_SHELL" "$script"
  [ "$(cat "$BASH_ENV")" = 'export SEEN=none' ]
}

@test "a command that fails leaves nothing, and its code is the step's" {
  stub zvault 'echo "export A=half"; exit 6'
  run "$SCRIPT_SHELL" "$script"
  [ "$status" -eq 6 ]
  [ ! -e "$BASH_ENV" ]
}

@test "without BASH_ENV nothing is asked" {
  stub zvault 'touch "$BATS_TEST_TMPDIR/asked"'
  BASH_ENV='' run "$SCRIPT_SHELL" "$script"
  [ "$status" -eq 2 ]
  [[ "$output" == *ZVCI-150* ]]
  [ ! -e "$BATS_TEST_TMPDIR/asked" ]
}

@test "variables in parameters are filled in by the platform's program" {
  stub circleci 'echo "filled-$3"'
  stub zvault 'echo "export E=$ZVAULT_CI_ENV"'
  ZVAULT_CI_ENV='${STAGE}' run "$SCRIPT_SHELL" "$script"
  [ "$(cat "$BASH_ENV")" = 'export E=filled-${STAGE}' ]
}
