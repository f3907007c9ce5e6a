#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
#
# The linker marks a program as fit for indirect branch tracking (BTI on AArch64) if each of its
# objects is. Those of the context switch must not be what keeps a program from it, and must not
# claim to be fit for shadow stacks, which the C library would then turn on.
#
#   branch_protection_test.sh <object>...   compiled for it
set -euo pipefail

linked=$(mktemp "${TEST_TMPDIR:-/tmp}/linked.XXXXXX")
# What they use of other objects stays undefined, which a shared object may be linked with.
ld -shared -o "$linked" "$@"
properties=$(readelf --notes "$linked")

case $(uname -m) in
  x86_64) wanted=IBT unwanted=SHSTK ;;
  aarch64) wanted=BTI unwanted=GCS ;;
  *) echo "not a processor this runs on" && exit 1 ;;
esac
if ! grep -qw "$wanted" <<<"$properties"; then
  echo "The linked objects are not marked as fit for $wanted:"
  echo "$properties"
  exit 1
fi
if grep -qw "$unwanted" <<<"$properties"; then
  echo "The linked objects claim to be fit for $unwanted:"
  echo "$properties"
  exit 1
fi
