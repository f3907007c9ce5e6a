#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
#
# Checks a Promela model with spin: `check_model.sh poll_descriptor.pml`. Explores every
# configuration of it to the end: none may have an error, and together they must leave no line
# unreached. Then explores every mutation: each must have an error. Prints a table of both; README.md
# explains them.
set -euo pipefail

# The configurations of each model: a name, then what of the model is switched on.
poll_descriptor_configurations=(
  "events          EVENTS ARRIVALS=2 TIMES=2"
  "close           EVENTS ARRIVALS=1 CLOSER CLOSER_TOO"
  "recycle         EVENTS ARRIVALS=1 CLOSER RECYCLE"
  "directions      EVENTS WRITER CLOSER"
  "queue           EVENTS ARRIVALS=1 READERS=2 CLOSER"
  "cancel          EVENTS ARRIVALS=1 READERS=2 CANCELLER"
  "cancel_queue    READERS=3 CANCELLER"
  "cancel_writer   EVENTS WRITER CANCELLER"
  "deadline        MOVES=3"
  "deadline_event  MOVES=1 EVENTS ARRIVALS=1"
  "deadline_reuse  MOVES=1 EVENTS CLOSER RECYCLE"
  "thread          SELF MOVES=3"
  "thread_close    SELF MOVES=1 CLOSER"
  "thread_data     SELF ARRIVALS=1 CLOSER"
)
# The mutations: a name, then the configuration that shows it.
poll_descriptor_mutations=(
  "arm_acq_rel close"
  "close_acq_rel close"
  "cancel_acq_rel cancel"
  "expired_bit_acq_rel deadline"
  "clear_acq_rel events"
  "deadline_release deadline"
  "fire_acq_rel deadline"
  "no_second_look_at_interrupts close"
  "publish_always close"
  "close_without_evicting close"
  "evict_before_closed_bit close"
  "resume_before_taking_out close"
  "clear_after_try events"
  "no_restore events"
  "destroy_while_referenced close"
  "recycle_while_owned recycle"
  "no_generation_check recycle"
  "generation_moves_late recycle"
  "generation_moves_once recycle"
  "no_generation_after_lock recycle"
  "queue_in_another_use recycle"
  "queue_after_cancel cancel_queue"
  "no_sequence_check deadline_reuse"
  "close_without_disarming deadline_reuse"
  "no_second_look_at_deadline deadline"
  "move_ignores_expired_bit deadline"
  "believe_expired_bit deadline"
  "look_for_self_servers_first thread"
)

wakeup_configurations=("wakeup")
wakeup_mutations=(
  "begin_sleep_acq_rel wakeup"
  "arm_release wakeup"
  "timeout_before_begin_sleep wakeup"
  "begin_sleep_overwrites wakeup"
  "notify_only_if_asleep wakeup"
)

# Configurations with fewer states are also searched for cycles.
cycle_limit=600000

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

command -v spin >/dev/null || fail "there is no spin on PATH: install the package 'spin'"
command -v gcc >/dev/null || fail "there is no gcc on PATH: install the package 'gcc'"
(($# == 1)) || fail "usage: ${0##*/} <model>.pml"

model=$(realpath "$1")
name=$(basename "$model" .pml)
declare -n configurations=${name}_configurations mutations=${name}_mutations
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/model.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# build <mode> <switch>...: makes ./pan, the checker of the model with these switches. The modes are
# those of pan: SAFETY; BFS, the same breadth first, which finds a shortest trace; NP, for cycles.
# Not optimized: for a few million states the compiler would take longer than it saves.
build() {
  local mode=$1 pan_switches=("-D$1" -DCOLLAPSE -DMEMLIM=2800)
  [[ $mode == BFS ]] && pan_switches+=(-DSAFETY)
  shift
  local spin_switches=("${@/#/-D}")
  rm -f pan* ./*.trail
  cp "$model" "$name.pml"
  spin -a "${spin_switches[@]}" "$name.pml" >spin.log 2>&1 || { cat spin.log; fail "spin -a $*"; }
  gcc -O0 -w "${pan_switches[@]}" -o pan pan.c || fail "gcc could not compile the checker: $*"
}

# number <pattern>: the number in the line of pan.log that says so.
number() { sed -nE "s/.*$1.*/\1/p" pan.log | head -n 1; }

# Whether pan gave up before it had seen all.
is_truncated() {
  grep -qiE 'search not completed|max search depth too small|out of memory|reached -DMEMLIM' pan.log
}

# Adds to lines.all and lines.reached what this configuration has and has reached.
note_reached() {
  ./pan -d >states.log 2>&1 || true
  awk -v model="$name.pml" '
    function line_of(text) {
      if (!match(text, model ":[0-9]+")) return ""
      return substr(text, RSTART + length(model) + 1, RLENGTH - length(model) - 1)
    }
    /^(unreached in )?(proctype|init)/ { process = $NF; next }
    FILENAME == "pan.log" && /, state [0-9]+,/ {
      match($0, /state [0-9]+/)
      unreached[process, substr($0, RSTART + 6, RLENGTH - 6)] = 1
    }
    FILENAME == "states.log" && /\[id/ {
      print line_of($0) >"lines.all"
      if (!((process, $2) in unreached)) print line_of($0) >"lines.reached"
    }' pan.log states.log
  cat lines.all >>all_lines
  cat lines.reached >>reached_lines
}

failures=0
printf '%-28s %12s %12s %7s %7s\n' configuration states transitions depth errors
declare -A switches_of
for configuration in "${configurations[@]}"; do
  read -r title switches <<<"$configuration"
  switches_of[$title]=$switches
  # shellcheck disable=SC2086  # a list
  build SAFETY $switches
  ./pan -m100000 -w22 >pan.log 2>&1 || true
  errors=$(number 'errors: ([0-9]+)')
  printf '%-28s %12s %12s %7s %7s\n' "$title" "$(number ' ([0-9]+) states, stored')" \
    "$(number ' ([0-9]+) transitions')" "$(number 'depth reached ([0-9]+)')" "${errors:-none}"
  if [[ $errors != 0 ]] || is_truncated; then
    grep -E '^pan|error|Warning' pan.log | sed 's/^/    /'
    if [[ -f $name.pml.trail ]]; then
      # shellcheck disable=SC2046  # a list
      spin -t -p $(printf -- '-D%s ' $switches) "$name.pml" | cut -c1-160 | sed 's/^/    /'
    fi
    failures=$((failures + 1))
  fi
  note_reached
  # No step is marked as progress, so any cycle is an error. Where there is none, every run ends,
  # whoever is scheduled. Left out where it would take long, and for the sleeper, who never ends.
  if [[ $name != wakeup ]] && (($(number ' ([0-9]+) states, stored') < cycle_limit)); then
    # shellcheck disable=SC2086  # a list
    build NP $switches
    ./pan -l -m200000 -w22 >pan.log 2>&1 || true
    errors=$(number 'errors: ([0-9]+)')
    printf '%-28s %12s %12s %7s %7s\n' "  cycles" "$(number ' ([0-9]+) states, stored')" \
      "$(number ' ([0-9]+) transitions')" "$(number 'depth reached ([0-9]+)')" "${errors:-none}"
    if [[ $errors != 0 ]] || is_truncated; then
      failures=$((failures + 1))
    fi
  fi
done

sort -nu all_lines >all_lines.sorted
sort -nu reached_lines >reached_lines.sorted
comm -23 <(sort all_lines.sorted) <(sort reached_lines.sorted) | sort -n |
  while read -r line; do
    printf '%s:%s: %s\n' "$name.pml" "$line" "$(sed -n "${line}p" "$name.pml")"
  done | grep -v '// only under a mutation' >unreached || true
if [[ -s unreached ]]; then
  printf '\nnot reached in any configuration:\n'
  cat unreached
  failures=$((failures + 1))
fi

printf '\n%-28s %-16s %s\n' mutation configuration 'found at depth'
for mutation in "${mutations[@]}"; do
  read -r title configuration <<<"$mutation"
  # shellcheck disable=SC2086  # a list
  build BFS ${switches_of[$configuration]} "MUTANT_$title"
  ./pan -m100000 >pan.log 2>&1 || true
  depth=$(number '^pan:1: .*\(at depth ([0-9]+)\)')
  printf '%-28s %-16s %s\n' "$title" "$configuration" "${depth:-NOT FOUND}"
  if [[ -z $depth ]]; then
    grep -E '^pan|errors|Warning' pan.log | sed 's/^/    /' || true
    failures=$((failures + 1))
  fi
done

((failures == 0)) || fail "$failures of these are not as they must be"
