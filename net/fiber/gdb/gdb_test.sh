#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Looks at a program with fibers through netpoll_gdb.py: while it is alive, and at its core file.
#
#   gdb_test.sh <the program: parked> <the script: netpoll_gdb.py>
set -euo pipefail

program=$(readlink -f "$1")
script=$(readlink -f "$2")
work=${TEST_TMPDIR:-$(mktemp -d)}
fibers=1000

failures=0
fail() {
  printf 'gdb_test: %s\n' "$1" >&2
  failures=$((failures + 1))
}

# expect <output> <regular expression> <how many lines>
expect() {
  local count
  count=$(grep -cE -- "$2" "$1" || true)
  ((count == $3)) || fail "$(basename "$1"): $count lines match '$2', should be $3"
}

# run_gdb <output> <arguments and commands of gdb>...
run_gdb() {
  local output=$1
  shift
  ASAN_OPTIONS=detect_leaks=0 gdb -nx -batch -iex 'set debuginfod enabled off' \
    -iex 'set disable-randomization off' -iex 'set width 0' -iex "source $script" "$@" \
    >"$output" 2>&1 </dev/null || true
}

has_python() { gdb -nx -batch -ex 'python print(1)' 2>/dev/null | grep -qx 1; }
if ! command -v gdb >/dev/null || ! has_python; then
  printf 'gdb_test: there is no gdb with Python: nothing is tested\n'
  exit 0
fi

live=$work/live.txt
run_gdb "$live" -ex 'break stop_here' -ex run -ex 'fiber list' \
  -ex 'echo == of a sleeper\n' -ex 'fiber 1 bt' \
  -ex 'echo == of the joiner\n' -ex 'fiber 4 bt' \
  -ex 'echo == of the one that runs\n' -ex 'fiber 6 bt' \
  -ex 'echo == of the new one\n' -ex 'fiber 7 bt' \
  -ex 'echo == selected\n' -ex 'fiber 2' -ex 'bt 3' -ex 'up' -ex 'fiber off' \
  -ex 'echo == the thread again\n' -ex bt \
  -ex 'echo == nobody\n' -ex 'fiber 99 bt' \
  -ex 'echo == all that are parked\n' -ex 'fiber parked bt' \
  -ex 'echo == the end\n' -ex continue --args "$program" 3
if grep -qE 'ptrace|Could not trace' "$live"; then
  printf 'gdb_test: no process can be traced here: nothing is tested\n'
  exit 0
fi

# part <from line> : that part of the output of the live program
part() {
  sed -n "/^== $1\$/,/^== /p" "$live" >"$work/$1.txt"
  printf '%s' "$work/$1.txt"
}

# In the list, when selected, and among those that are parked.
expect "$live" '^fiber [1235] "sleeper" \[parked\]: net::.*sleeper$' 9
expect "$live" '^fiber 4 "joiner" \[parked\]: net::.*join_waiter$' 2
expect "$live" '^fiber 6 "stopper" \[running\]$' 1
expect "$live" '^fiber 7 "never run before" \[created\]$' 1
expect "$live" '^7 fibers: 1 created, 0 ready, 1 running, 5 parked$' 1
expect "$(part 'of a sleeper')" '^#[0-9]+ .* wait_in_the_users_function' 1
expect "$(part 'of a sleeper')" '^#[0-9]+ .* netpoll_enter_context' 1
expect "$(part 'of a sleeper')" '^#0' 0
expect "$(part 'of a sleeper')" 'stop_here' 0
expect "$(part 'of the joiner')" '^#[0-9]+ .* net::internal::fiber_state::join' 1
expect "$(part 'of the one that runs')" '^#0 .*stop_here' 1
expect "$(part 'of the one that runs')" '^#1 .* stop_in_a_fiber' 1
expect "$(part 'of the new one')" '^it has not begun$' 1
expect "$(part 'selected')" '^fiber 2 "sleeper"' 1
expect "$(part 'selected')" '^#2 .* net::internal::fiber_state' 2
expect "$(part 'the thread again')" '^#0 .*stop_here' 1
expect "$(part 'the thread again')" 'wait_in_the_users_function' 0
expect "$(part 'nobody')" 'there is no fiber 99' 1
expect "$(part 'all that are parked')" 'wait_in_the_users_function' 4
expect "$(part 'the end')" 'exited normally' 1

if "$program" is_sanitized; then
  core=$work/core.parked
  run_gdb "$work/gcore.txt" -ex 'break stop_here' -ex run -ex "fiber gcore $core" -ex continue \
    --args "$program" "$fibers"
  expect "$work/gcore.txt" 'exited normally' 1
  dead=$work/dead.txt
  run_gdb "$dead" -ex 'fiber list' -ex 'echo == one stack\n' -ex 'fiber 500 bt' \
    -ex 'fiber 501' -ex 'info frame' "$program" "$core"
  rm -f "$core"
  # With the joiner's child, and 501 once more.
  expect "$dead" '^fiber [0-9]+ "sleeper" \[parked\]' $((fibers + 2))
  counts="1 created, 0 ready, 1 running, $((fibers + 2)) parked"
  expect "$dead" "^$((fibers + 4)) fibers: $counts\$" 1
  expect "$dead" '^#[0-9]+ .* wait_in_the_users_function' 1
  expect "$dead" '^#[0-9]+ .* netpoll_enter_context' 1
  expect "$dead" '^Stack level 1, frame at' 1
fi

if ((failures != 0)); then
  for each in "$work"/*.txt; do
    printf -- '---- %s\n' "$each"
    head -c 20000 "$each"
  done >&2
fi
exit $((failures != 0))
