#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Builds and runs the workspace in project/ with a Bazel of its own, and checks what it prints.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
bazelw=$here/../../bazelw
scratch=${TEST_TMPDIR:?run it as a test}

fail() {
  echo "consumer_test: $*" >&2
  exit 1
}

# Tests get no home directory, and Bazelisk keeps its downloads there.
if [[ ! -d ${HOME:-} || ${HOME:-} == "$scratch" ]]; then
  HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
  export HOME
fi

# The other Bazel is nobody's test: it must not take its directories from this one.
unset TEST_TMPDIR RUNFILES_DIR RUNFILES_MANIFEST_FILE JAVA_RUNFILES

# Removed at the end, because it is large and because Bazel makes some of it read-only.
cleanup() {
  chmod -R u+w "$scratch/root" 2>/dev/null || true
  rm -rf "$scratch/root"
}
trap cleanup EXIT

cd "$here/project"
for program in hello hello_asio; do
  # No convenience links: they would be left in the source tree, pointing nowhere.
  "$bazelw" --batch --output_user_root="$scratch/root" run --script_path="$scratch/$program" \
    --symlink_prefix=/ --noshow_progress --curses=no "//:$program" >&2 ||
    fail "$program, which uses the library, does not build"

  status=0
  output=$(timeout 60 "$scratch/$program") || status=$?
  ((status == 0)) || fail "$program ended with status $status, and printed: $output"
  [[ $output == hello ]] || fail "$program printed: $output"
done
echo "PASS"
