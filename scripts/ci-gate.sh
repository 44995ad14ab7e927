#!/usr/bin/env bash
# scripts/ci-gate.sh [OPTION...] -- RUN-ARGUMENT...
#
# The gate of a CI job: measures a baseline and what is to be judged with the same arguments of `weft run`, compares
# them, and exits with the code of `weft compare`: 0 no regression, 1 regression or a missing point, 2 usage or
# incomparable, 3 inconclusive, 4 wrong data; 5 where the time was up. Launches of what is judged that crash are missing
# points.
#
#   scripts/ci-gate.sh --base-ref origin/main --launcher 'mpirun -np 8' -- all_reduce -t mpi -b 8 -e 1M
#
# The baseline, one of
#   --base-weft PATH     another weft; launches of both are interleaved A B B A, which a shared machine needs
#   --base-ref COMMIT    the same, with the weft of this commit, which is built under the folder of --out
#   --baseline DIR       a campaign measured before on the same machine
# What is judged
#   --new-weft PATH      not given: the weft of this tree, which is built
# How
#   --launcher WORDS     put before weft, such as 'mpirun -np 8' or 'srun -n 64'
#   --launches N         of each side (10)
#   --most-launches N    where the comparison is inconclusive, go on once with twice the launches, this many at most (20)
#   --timeout SECONDS    of one launch (600)
#   --time-limit SECONDS of everything measured (3600); a second round that does not fit is given up
#   --threshold SHARE    the smallest excess that is a regression, as for weft compare
#   --despite KEY        a condition that may differ, as for weft compare; may be given several times
#   --history DIR        folder of earlier campaigns: adds advice about changes of level
#   --out DIR            gets campaign/, compare.md, compare.xml (JUnit) and compare.json (ci-gate)
set -euo pipefail
. "$(dirname "$0")/lib.sh"
help_if_asked "$@"

base_weft='' base_ref='' baseline='' new_weft='' launcher=''
launches=10 most_launches=20 timeout=600 time_limit=3600
out=ci-gate
compare_flags=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  [ $# -ge 2 ] && [ "$2" != -- ] || fail "unknown argument '$1', or its value is missing: see --help"
  case "$1" in
    --base-weft) base_weft=$2 ;;
    --base-ref) base_ref=$2 ;;
    --baseline) baseline=$2 ;;
    --new-weft) new_weft=$2 ;;
    --launcher) launcher=$2 ;;
    --launches) launches=$2 ;;
    --most-launches) most_launches=$2 ;;
    --timeout) timeout=$2 ;;
    --time-limit) time_limit=$2 ;;
    --threshold | --despite | --history) compare_flags+=("$1" "$2") ;;
    --out) out=$2 ;;
    *) fail "unknown argument '$1': see --help" ;;
  esac
  shift 2
done
[ $# -gt 0 ] || fail "the arguments of weft run stand after --, as in: -- all_reduce -e 1M"
shift
for number in "$launches" "$most_launches" "$timeout" "$time_limit"; do
  [[ "$number" =~ ^[1-9][0-9]{0,6}$ ]] || fail "'$number' is not a whole number from 1"
done
given=0
for way in "$base_weft" "$base_ref" "$baseline"; do [ -z "$way" ] || given=$((given + 1)); done
[ "$given" -eq 1 ] || fail "give one of --base-weft, --base-ref and --baseline"
[ -z "$baseline" ] || [ -d "$baseline" ] || fail "--baseline $baseline: is no folder"
[ ! -e "$out/campaign" ] || fail "--out $out: holds a campaign already, give a new folder"
mkdir -p "$out" || fail "--out $out: cannot be made"

if [ -z "$new_weft" ]; then
  "$root/scripts/build" weft
  new_weft=$root/build/release/weft
fi
if [ -n "$base_ref" ]; then
  git -C "$root" rev-parse --quiet --verify "$base_ref^{commit}" >/dev/null || fail "--base-ref $base_ref: is no commit"
  mkdir -p "$out/base"
  git -C "$root" archive "$base_ref" | tar -x -C "$out/base"
  say "building the weft of $base_ref"
  (cd "$out/base" && cmake --preset release -DWEFT_TESTS=OFF -DWEFT_BENCHMARKS=OFF >cmake.log &&
    cmake --build --preset release --target weft --parallel "$(jobs)" >>cmake.log)
  base_weft=$out/base/build/release/weft
fi
for weft in "$new_weft" ${base_weft:+"$base_weft"}; do
  command -v "$weft" >/dev/null || fail "$weft: is no program"
done

read -ra before <<<"$launcher"
new_command=(${before[@]+"${before[@]}"} "$new_weft" run "$@")
if [ -n "$baseline" ]; then
  commands=("${new_command[@]}")
  sides=("$baseline" "$out/campaign")
else
  commands=(${before[@]+"${before[@]}"} "$base_weft" run "$@" --vs "${new_command[@]}")
  sides=("$out/campaign/base" "$out/campaign/new")
fi

# measure ARGUMENT...: weft repeat, for what is left of the time. Launches that failed or moved wrong data are for the
# comparison to name; what keeps it from being made is the code: 5 where the time was up, 2 where repeat refuses.
SECONDS=0
measure() {
  local code=0 left=$((time_limit - SECONDS))
  [ "$left" -ge 1 ] || return 5
  timeout --foreground "$left" "$new_weft" repeat "$@" || code=$?
  [ "$SECONDS" -lt "$time_limit" ] || return 5
  [ "$code" -ne 2 ] || [ -e "$out/campaign/campaign.json" ] || return 2
  [ "$code" -eq 0 ] || say "launches failed (the worst code is $code): see $out/campaign" >&2
}

judge() {
  local code=0
  "$new_weft" compare "${sides[@]}" ${compare_flags[@]+"${compare_flags[@]}"} --markdown "$out/compare.md" \
    --junit "$out/compare.xml" --json "$out/compare.json" || code=$?
  return "$code"
}

code=0
measure -n "$launches" --out "$out/campaign" --timeout "$timeout" -- "${commands[@]}" || code=$?
[ "$code" -ne 5 ] || say "the launches did not end within $time_limit s in all: nothing is judged" >&2
[ "$code" -eq 0 ] || exit "$code"
judge || code=$?

more=$((2 * launches < most_launches ? 2 * launches : most_launches))
if [ "$code" -eq 3 ] && [ "$more" -gt "$launches" ]; then
  say "inconclusive with $launches launches: going on to $more"
  again=0
  measure --resume "$out/campaign" -n "$more" || again=$?
  if [ "$again" -eq 0 ]; then
    code=0
    judge || code=$?
  else
    say "no second round (code $again): the verdict is that of the first" >&2
  fi
fi
say "code $code; reports in $out"
exit "$code"
