# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What ./braid and ./test share: the SDK, and building. Sourced, with $root set to the repository.
# shellcheck disable=SC2154

# One line that says how to get the SDK, unless global.json's is here.
require_sdk() {
    # The host answers this alone, in a few milliseconds; `dotnet --version` would start the SDK.
    if [[ $(dotnet --list-sdks 2>/dev/null) =~ (^|$'\n')10\.0\.[0-9]+' ' ]]; then return 0; fi
    local where=https://dotnet.microsoft.com/download/dotnet/10.0
    echo "$1: needs the .NET 10 SDK: apt-get install dotnet-sdk-10.0, or $where" >&2
    exit 1
}

# locked COMMAND...: one build at a time in artifacts/. The command does not inherit the lock: a
# compiler server that it leaves behind would hold it for minutes.
locked() {
    mkdir -p "$root/artifacts"
    (
        flock 9
        "$@" 9>&-
    ) 9>"$root/artifacts/build.lock"
}

# build FOLDER: its project in Release, quiet unless it fails. From the root, since a global.json
# in the caller's directory would choose another SDK.
build() {
    local log="$root/artifacts/build-${1//\//-}.log"
    if (cd "$root" && DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 \
        dotnet build "$1" -c Release -nologo -v quiet "-clp:ErrorsOnly;NoSummary" \
        </dev/null >"$log" 2>&1); then
        rm -f "$log"
        return 0
    fi
    cat "$log" >&2
    return 1
}
