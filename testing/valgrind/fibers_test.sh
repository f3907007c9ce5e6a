#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Valgrind must find nothing wrong with a program that uses fibers as it should, must not take a switch
# of stacks for something else, and must find what is wrong with one that looks at a fiber that is gone.
set -euo pipefail

program=$1

if ! command -v valgrind >/dev/null; then
  echo 'skipped: valgrind is not installed'
  exit 0
fi
if ! "$program" --usable; then
  echo 'skipped: the program has a sanitizer, with which Valgrind does not work'
  exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

fail() {
  printf '%s\n' "$1" >&2
  cat "$log" >&2
  exit 1
}

# watched <expected exit code> <argument>...
watched() {
  local expected=$1 code=0
  shift
  valgrind --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --fair-sched=yes \
    "$program" "$@" >"$log" 2>&1 || code=$?
  [[ $code == "$expected" ]] || fail "the program ended with $code instead of $expected: $*"
  ! grep -q 'client switching stacks' "$log" || fail "a switch was taken for a huge frame: $*"
}

watched 0
grep -q 'all ran' "$log" || fail 'the program did not run'
grep -q 'ERROR SUMMARY: 0 errors' "$log" || fail 'valgrind found errors'

# 128 and SIGSEGV.
watched 139 --overflow
grep -q 'netpoll: stack overflow of fiber' "$log" || fail 'the overflow was not reported'

watched 99 --stale
grep -q 'Invalid read of size 1' "$log" || fail 'reading from a stack that is not in use was allowed'
