#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The units of domstatsd: systemd understands each, their exposure is no more than this figure, and they are installed
# with the file that makes their group. systemd's figure is from 0 (safe) to 10.
set -u
export LC_ALL=C

# Of systemd 252. Later versions look at more settings, and weigh them otherwise.
most=3.1
version=$(systemd-analyze --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
[ "${version:-0}" -le 252 ] || most=3.5
units=$DOMSTATS_TESTS/../units
command -v systemd-analyze >/dev/null || {
    echo "no systemd-analyze"
    exit 77
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
n_failed=0

fail() {
    echo "FAILED: $1"
    n_failed=$((n_failed + 1))
}

DESTDIR=$folder/root meson install -C "$DOMSTATS_BUILD" --no-rebuild --quiet >/dev/null || fail "it is not installed"
for name in domstatsd.service domstatsd-libvirt.socket domstatsd-service.socket domstatsd-metrics.socket; do
    found=$(find "$folder/root" -path "*/systemd/system/$name")
    [ -n "$found" ] || { fail "$name is not installed"; continue; }
    # The program is elsewhere for now.
    sed "s|^ExecStart=[^ ]*|ExecStart=$DOMSTATS_DAEMON|" "$found" >"$folder/$name"
done
[ -n "$(find "$folder/root" -path '*/sysusers.d/domstats.conf')" ] || fail "the group is not installed"

for unit in "$folder"/domstatsd*; do
    said=$(systemd-analyze --man=no verify "$unit" 2>&1) || fail "$unit: $said"
    [ -z "$said" ] || fail "$unit: $said"
done

grep -hE '^FileDescriptorName=' "$units"/*.socket | sort >"$folder/names"
printf 'FileDescriptorName=%s\n' libvirt metrics service | diff - "$folder/names" || fail "descriptors have other names"

# Each right that is not set in the unit stands in a comment there, with what it would take away.
for right in ProtectProc ProcSubset PrivatePIDs PrivateUsers PrivateNetwork PrivateTmp PrivateDevices; do
    grep -q "^#.*$right" "$units/domstatsd.service.in" || fail "no word about $right"
done
for capability in $(sed -n 's/^CapabilityBoundingSet=//p' "$units/domstatsd.service.in"); do
    grep -q "^#   $capability " "$units/domstatsd.service.in" || fail "no word about $capability"
done

# A reload signals the daemon, with no program but the shell: systemd makes "$" of "$$" and gives MAINPID.
reload=$(sed -n 's/^ExecReload=//p' "$folder/domstatsd.service")
[[ $reload == /bin/sh\ * ]] || fail "a reload runs '$reload'"
# This one has it as at the start of a process, also where the tests run under nohup.
exec 3< <(exec python3 -c 'import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)
print("ready", flush=True)
signal.pause()')
read -r -u 3 _
(eval "MAINPID=$! PATH=/none ${reload//\$\$/\$}") || { fail "a reload fails"; kill $!; }
wait $!
[ $? -eq $((128 + 1)) ] || fail "a reload sends no SIGHUP"

# Now and then systemd 252 says of the file that it is given that there is no such unit.
for _ in 1 2 3 4 5; do
    figure=$(systemd-analyze --no-pager security --offline=true "$folder/domstatsd.service" |
        sed -n 's/.*exposure level for domstatsd.service: \([0-9.]*\).*/\1/p')
    [ -z "$figure" ] || break
done
echo "exposure $figure, may be $most"
awk -v figure="$figure" -v most="$most" 'BEGIN { exit !(figure != "" && figure <= most) }' ||
    fail "exposure '$figure' is more than $most"
[ "$n_failed" -eq 0 ]
