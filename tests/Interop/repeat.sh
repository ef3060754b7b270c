#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the stories again and again and counts what failed: a story that fails once in twenty times
# is a bug, of ours or of the story.
#
#   tests/Interop/repeat.sh [TIMES] [xUnit options: -class '*FaultTests', -method '*killed*', ...]
set -uo pipefail

root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../..
times=${1:-20}
if [[ $# -gt 0 ]]; then shift; fi
logs=$(mktemp -d)
bad=0

dotnet build "$root/tests/Interop" -c Release --nologo -v quiet || exit 1
tests=$root/artifacts/bin/Braid.Tests.Interop/release/Braid.Tests.Interop.dll
for ((i = 1; i <= times; i++)); do
    log=$logs/$i.log
    start=$SECONDS
    if dotnet "$tests" -noLogo -noColor "$@" >"$log" 2>&1; then
        echo "$i: good, $((SECONDS - start)) s"
        rm "$log"
    else
        bad=$((bad + 1))
        echo "$i: BAD, $((SECONDS - start)) s, $log"
        grep -F '[FAIL]' "$log"
    fi
done
echo "$bad of $times bad"
[[ $bad == 0 ]]
