#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What README.md shows is so: the program in it builds against the installed library by pkg-config
# alone and prints what the command prints; the example of the command gives what stands there,
# numbers apart. The programs of docs/moving-from-libvirt-api.md are built too, and the one for this library prints what
# the command prints.
set -eu
export LC_ALL=C

readme=$DOMSTATS_TESTS/../README.md
source=replay:$DOMSTATS_TESTS/qemujsontestdata
prefix=$(meson introspect "$DOMSTATS_BUILD" --buildoptions |
    python3 -c 'import json, sys; print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

DESTDIR=$folder meson install -C "$DOMSTATS_BUILD" --no-rebuild --quiet >/dev/null
installed=$folder$prefix

# It was installed for $prefix, and stands in a folder for now: only our own file may be moved.
mkdir "$folder/pc"
found=$(find "$installed" -name domstats.pc)
sed "s|^prefix=.*|prefix=$installed|" "$found" >"$folder/pc/domstats.pc"
export PKG_CONFIG_PATH=$folder/pc
libraries=$(pkg-config --variable=libdir domstats)

sed -n '/^```c$/,/^```$/p' "$readme" | sed '1d;$d' >"$folder/vcpus.c"
lines=$(wc -l <"$folder/vcpus.c")
if [ "$lines" -lt 5 ] || [ "$lines" -gt 16 ]; then
    echo "README.md has a program of $lines lines: it should have fifteen or so"
    exit 1
fi

# A library with sanitizers wants a program with them.
flags=
if nm -D "$libraries/libdomstats.so" | grep -q __asan_init; then
    flags=-fsanitize=address,undefined
fi
# shellcheck disable=SC2046,SC2086 # these are words
$DOMSTATS_CC $flags -Wall -Wextra -Werror -o "$folder/vcpus" "$folder/vcpus.c" \
    $(pkg-config --cflags --libs domstats)

# The command escapes backslashes in names, the program prints them as they are.
LD_LIBRARY_PATH=$libraries "$folder/vcpus" "$source" | sed 's/\\/\\x5c/g' >"$folder/got"
"$DOMSTATS_COMMAND" -c "$source" --vcpu 2>/dev/null | sed -n "
    s/^Domain: '\(.*\)'$/\1/; t keep
    s/^  vcpu.current=//; T
    H; x; s/\n/ /; p; d
    :keep
    h" >"$folder/expected" || true
if [ ! -s "$folder/expected" ]; then
    echo "the command gives no vcpu.current of any domain"
    exit 1
fi
diff -u "$folder/expected" "$folder/got"

# nth_program N: of that page.
nth_program() {
    awk -v n="$1" '/^```c$/ { i++; on = 1; next } /^```$/ { on = 0 } on && i == n' \
        "$DOMSTATS_TESTS/../docs/moving-from-libvirt-api.md"
}
nth_program 1 >"$folder/before.c"
nth_program 2 >"$folder/after.c"
# shellcheck disable=SC2046,SC2086 # these are words
$DOMSTATS_CC $flags -Wall -Wextra -Werror -o "$folder/before" "$folder/before.c" $(pkg-config --cflags --libs libvirt)
# shellcheck disable=SC2046,SC2086 # these are words
$DOMSTATS_CC $flags -Wall -Wextra -Werror -o "$folder/after" "$folder/after.c" $(pkg-config --cflags --libs domstats)
LD_LIBRARY_PATH=$libraries "$folder/after" "$source" | sed 's/\\/\\x5c/g' >"$folder/got.after"
"$DOMSTATS_COMMAND" -c "$source" --cpu-total 2>/dev/null | sed -n "
    s/^Domain: '\(.*\)'$/\1/; t keep
    s/^  cpu.time=//; T
    H; x; s/\n/ /; p; d
    :keep
    h" >"$folder/expected.after" || true
[ -s "$folder/expected.after" ]
diff -u "$folder/expected.after" "$folder/got.after"

example=$(sed -n '/^\$ domstats /,/^```$/p' "$readme" | sed '$d')
read -r -a words < <(sed -n 's/^\$ domstats //; 1p' <<<"$example")
without_blanks() { sed '/^$/d'; }
(cd "$DOMSTATS_TESTS/.." && { "$DOMSTATS_COMMAND" "${words[@]}" 2>&1 || [ $? -eq 3 ]; }) |
    without_blanks >"$folder/got.example"
sed 1d <<<"$example" | without_blanks >"$folder/expected.example"
[ -s "$folder/expected.example" ]
diff -u "$folder/expected.example" "$folder/got.example"

# The monitor for us: a QEMU takes the words, and the command finds it; those that domstats-monitor writes, which its
# manual page shows, differ in the path alone.
manual=$DOMSTATS_TESTS/../docs/domstats-monitor.1
words=$(sed -n '/^-chardev .*id=domstats/,/^```$/p' "$readme" | sed '$d' | paste -sd' ')
path=$(sed 's/.*,path=\([^,]*\),.*/\1/' <<<"$words")
words_of_libvirt=$(sed -n "s|\\\\-|-|g; s|path=[^,]*|path=$path|; s|^ *<qemu:arg value='\(.*\)'/>$|\1|p" "$manual" | paste -sd' ')
if [ -z "$words" ] || [ "$words" != "$words_of_libvirt" ]; then
    echo "README.md: '$words' for QEMU, domstats-monitor.1: '$words_of_libvirt' for libvirt"
    exit 1
fi
monitor=$folder/domstats.sock
# shellcheck disable=SC2046 # these are words
if command -v qemu-system-x86_64 >/dev/null && qemu-system-x86_64 -machine q35 -name readme -S -display none \
    -nodefaults -m 16 -accel kvm -accel tcg -daemonize -pidfile "$folder/pid" \
    $(sed "s|/run/domstats/vm1.sock|$monitor|" <<<"$words") </dev/null; then
    status=0
    "$DOMSTATS_COMMAND" -c "socket:$monitor" --state >"$folder/state" || status=$?
    kill -KILL "$(cat "$folder/pid")"
    [ "$status" = 0 ] || exit 1
    grep -q "^Domain: 'readme'$" "$folder/state"
else
    echo "no QEMU can be started: its words are not tried"
fi

for file in "bin/domstats" "include/domstats/domstats.h" "share/man/man1/domstats.1" \
    "sbin/domstatsd" "share/man/man8/domstatsd.8" "share/domstats/prometheus/domstats-alerts.yml" \
    "share/domstats/grafana/domstats-fleet.json"; do
    [ -e "$installed/$file" ] || { echo "not installed: $file" && exit 1; }
done
echo "$(wc -l <"$folder/got") domains, as the command has them"
