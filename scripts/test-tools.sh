# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The tools that tests run, and the Debian package of each. Sourced by ./test.

# COMMAND-OR-FILE PACKAGE. A test that needs another one gets a line here.
test_tools="
nbdkit nbdkit
nbdinfo libnbd-bin
qemu-io qemu-utils
fio fio
losetup mount
gcc gcc
/usr/include/stdio.h libc6-dev
"

missing_packages() {
    local tool package
    while read -r tool package; do
        if [[ -n $tool && ! -e $tool ]] && ! command -v "$tool" >/dev/null; then echo "$package"; fi
    done <<<"$test_tools"
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
        </dev/null >/dev/null 2>&1
}

# Installs what is missing where it may, else says so: the tests then skip by the tool's name.
install_test_tools() {
    local packages
    mapfile -t packages < <(missing_packages)
    if [[ ${#packages[@]} == 0 ]]; then return; fi
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        if apt_install "${packages[@]}"; then return; fi
        # A new machine has no package lists yet.
        if apt-get update -qq </dev/null >/dev/null 2>&1 && apt_install "${packages[@]}"; then
            return
        fi
        mapfile -t packages < <(missing_packages)
    fi
    echo "test: some tests will be skipped; for all of them: apt-get install ${packages[*]}" >&2
}
