#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# docs/protocols.md promises tests by name. Checks that each of them exists: `Suite.Name`, and files and
# folders of this repository in backticks; and that the table of faults has its seventy rows, each with a
# test or a reason.
set -euo pipefail

document=$(readlink -f docs/protocols.md)
root=$(dirname "$(dirname "$document")")
cd "$root"

failures=0
fail() {
  printf 'docs/protocols.md: %s\n' "$1" >&2
  failures=$((failures + 1))
}

names=$(find netpoll net testing examples -name '*_test.cc' -exec sed -nE \
  's/^TEST(_F|_P)?\(([A-Za-z0-9_]+), *([A-Za-z0-9_]+)\).*/\2.\3/p' {} + | sort -u)

checked=0
while read -r name; do
  # Go's own methods stand in the same column marks: they are of FD.
  [[ $name == FD.* ]] && continue
  checked=$((checked + 1))
  grep -qxF "$name" <<<"$names" || fail "there is no test $name"
done < <(grep -oE '`[A-Z][A-Za-z0-9]+\.[A-Z][A-Za-z0-9]+`' "$document" | tr -d '`' | sort -u)
((checked > 100)) || fail "only $checked tests are named: has the format changed?"

while read -r path; do
  [[ -e $path ]] || fail "there is no $path"
done < <(grep -oE '`(netpoll|net|testing|examples)/[A-Za-z0-9_./]+`' "$document" | tr -d '`' | sort -u)

for number in {1..70}; do
  row=$(grep -E "^\| $number \|" "$document" || true)
  if [[ -z $row ]]; then
    fail "fault $number is missing"
  elif [[ $(grep -c . <<<"$row") != 1 ]]; then
    fail "fault $number has more than one row"
  elif [[ $(awk -F'|' '{ gsub(/[ \t]/, "", $4); print length($4) }' <<<"$row") == 0 ]]; then
    fail "fault $number has neither a test nor a reason"
  fi
done

((failures == 0)) && printf '%d tests named, 70 faults, all there\n' "$checked"
exit $((failures != 0))
