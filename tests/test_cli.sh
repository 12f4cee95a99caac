#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The built command as its users call it: wrong words, empty and absent places, full disks and
# closed pipes, the manual page's examples, and two real QEMUs where there are any.
# usage: test_cli.sh [COMMAND]; without it $DOMSTATS_COMMAND is tried.
set -u
export LC_ALL=C

command=$(realpath "${1:-$DOMSTATS_COMMAND}")
manual=$(dirname "$(realpath "$0")")/../docs/domstats.1
folder=$(mktemp -d)
n_failed=0
pids=

clean_up() {
    for pid in $pids; do
        kill -CONT "$pid"
        kill -KILL "$pid"
    done 2>/dev/null
    rm -rf "$folder"
}
trap clean_up EXIT
mkdir "$folder/empty" "$folder/monitors" "$folder/work"
cd "$folder/work" || exit 1

fail() {
    echo "FAILED: $1"
    echo "  stdout: $(head -c 2000 "$folder/out")"
    echo "  stderr: $(head -c 2000 "$folder/err")"
    n_failed=$((n_failed + 1))
}

# run WORD...: leaves the status in $status, the rest in the files out and err.
run() {
    status=0
    "$command" "$@" >"$folder/out" 2>"$folder/err" </dev/null || status=$?
}

# expect SENTENCE STATUS OUT ERR: OUT and ERR are extended regular expressions of one line that
# must be there; "" means that nothing at all is.
expect() {
    local sentence=$1
    [ "$status" = "$2" ] || { fail "$sentence: exit status $status, not $2"; return; }
    matches "$folder/out" "$3" || { fail "$sentence: stdout lacks: ${3:-nothing}"; return; }
    matches "$folder/err" "$4" || fail "$sentence: stderr lacks: ${4:-nothing}"
}

matches() {
    if [ -z "$2" ]; then
        [ ! -s "$1" ]
    else
        grep -Eq -- "$2" "$1"
    fi
}

lines() {
    grep -Ec -- "$2" "$folder/$1"
}

# Wrong words: one line that names them, nothing on stdout.

while IFS='|' read -r words named; do
    # shellcheck disable=SC2086 # the words of the command line
    run $words
    expect "$words" 1 "" "^domstats: .*$named"
    [ "$(lines err '')" = 1 ] || fail "$words: not one line"
done <<'ROWS'
--bogus|'--bogus'.*--help
-x|'-x'.*--help
--stat|'--stat'
-c|'--connect'
-c bogus|bogus
-c bogus:/a|bogus
--timeout 0|'0'
--timeout x|'x'
--threads 0|'0'
--format xml|'xml'
list --block|'--block'.*'list'
record|'record'
record a b|'record'
ROWS

run --help
expect "help" 0 "^Usage: domstats" ""
for option in state cpu-total balloon vcpu interface block perf iothread memory dirtyrate vm \
    list-active list-inactive list-persistent list-transient list-running list-paused \
    list-shutoff list-other raw enforce backing nowait domain; do
    [ "$(lines out "^  --$option ")" = 1 ] || fail "help lacks virsh's --$option"
done
for option in $(grep -Eo -- '--[a-z-]+ ' "$folder/out" | sort -u); do
    grep -q -- "$(printf '%s' "$option" | sed 's/-/\\\\-/g')" "$manual" ||
        fail "the manual lacks $option"
done
for reason in $(sed -n 's/^ *\[DOMSTATS_REASON_\(.*\)\] = "\(.*\)",$/\1=\2/p' "${manual%/docs/*}/src/domstats.c"); do
    grep -Eq -- "^\.BR? (.*[\", ]+)?$(printf '%s' "${reason#*=}" | sed 's/-/\\\\-/g')( |\"|$)" "$manual" ||
        fail "domstats(1) lacks the reason ${reason#*=}"
    grep -q -- "DOMSTATS_REASON_${reason%%=*}\b" "${manual%1}3" ||
        fail "domstats(3) lacks DOMSTATS_REASON_${reason%%=*}"
done
run --version
expect "the version" 0 "^domstats [0-9]+\.[0-9]+" ""

# Places.

run -c "dir:$folder/empty"
expect "a host without domains" 0 "" ""
run -c "dir:$folder/empty" --format json
expect "a host without domains, JSON" 0 '^\{"domains":\[\],"blind_spot":null\}$' ""
run -c "dir:$folder/empty" list
expect "a host without domains, the list" 0 "^ Id " ""
run -c "dir:$folder/absent"
expect "a folder that is not there" 2 "" "^domstats: .*$folder/absent"
run -c "dir:$folder/empty" nosuch
expect "a name that does not exist" 2 "" "^domstats: nosuch: no-domain"
run -c "dir:$folder/empty" -- list
expect "a domain called list" 2 "" "^domstats: list: no-domain"
run -c "dir:$folder/empty" "$(printf 'a\033[31m')"
expect "a name that would drive the terminal" 2 "" '^domstats: a\\x1b\[31m: no-domain'

# What lacks: the manual has each code.

run -c "dir:$folder/empty" doctor --format json
[ "$status" = 0 ] || [ "$status" = 3 ] || fail "what lacks of an empty host: exit status $status"
grep -q '"code":"no-domains","severity":"note"' "$folder/out" || fail "an empty host has no domains"
run -c "replay:${manual%/docs/*}/tests/qemujsontestdata" doctor
expect "what lacks of a recorded host" 3 "^fails    held: " ""
expect "what mends it" 3 "^         mend: -chardev socket,id=domstats," ""
run -c "replay:${manual%/docs/*}/tests/qemujsontestdata" doctor --format json
python3 -m json.tool "$folder/out" >/dev/null || fail "what lacks is no JSON"
run -c "replay:${manual%/docs/*}/tests/qemujsontestdata" doctor busy
expect "what lacks if nothing can be read" 2 "^         missing: state, " ""
run -c "replay:${manual%/docs/*}/tests/qemujsontestdata" doctor net-tap
expect "what lacks of one that answers" 0 "^ok       complete: " ""
sed -n '/^\.SH DOCTOR/,/^\.SH HEALTH/p' "$manual" | sed 's/\\-/-/g' >"$folder/doctor"
for code in $(sed -n 's/^ *\(HOST\|HIDING\|DOMAIN\)("\([a-z0-9-]*\)".*/\2/p' \
    "${manual%/docs/*}/src/doctor/doctor_rows.c"); do
    grep -Eq "^\.BR? $code( |$)|^\.RB \( $code " "$folder/doctor" || fail "domstats(1) lacks the code $code"
done

# What /proc hides. In namespaces of our own, so that nothing else is met; needs root and setpriv.

# hidden SENTENCE STATUS OUT ERR MOUNT WORD...: as another user, after MOUNT in new namespaces.
hidden() {
    local sentence=$1 expected=$2 out=$3 err=$4 mount=$5
    shift 5
    status=0
    unshare -pfm --mount-proc sh -c '
        eval "$1" && shift && setpriv --reuid 12345 --regid 12345 --clear-groups "$@" || exit $?' \
        sh "$mount" "$command" "$@" >"$folder/out" 2>"$folder/err" </dev/null || status=$?
    expect "$sentence" "$expected" "$out" "$err"
}

may_hide() {
    unshare -pfm --mount-proc setpriv --reuid 12345 --regid 12345 --clear-groups \
        "$command" --version >/dev/null 2>&1
}

if may_hide; then
    # Looking for leaks needs /proc, which also tells a sanitizer its options.
    export ASAN_OPTIONS=detect_leaks=0
    hidden "an empty host of which all is seen" 0 "^ Id " "" true list
    for how in 1 2 4; do
        hidden "an empty answer with hidepid=$how" 2 "^ Id " "^domstats: processes of other users" \
            "mount -o remount,hidepid=$how /proc" list
    done
    hidden "a name that may be hidden" 2 "" "^domstats: processes of other users" \
        "mount -o remount,hidepid=2 /proc" --state nosuch
    hidden "a proc folder without processes" 2 "" "^domstats: there are no processes in '/proc'" \
        "mount -t tmpfs none /proc && mkdir -m 755 /proc/self &&
         printf 'ASAN_OPTIONS=detect_leaks=0\0' >/proc/self/environ" list
    unset ASAN_OPTIONS
else
    echo "no namespaces, or not root: what /proc hides is left out"
fi

# Where the output goes.

status=0
"$command" --help >/dev/full 2>"$folder/err" || status=$?
: >"$folder/out"
expect "a full disk" 2 "" "^domstats: .*No space left"
status=0
"$command" --help >&- 2>"$folder/err" || status=$?
expect "a stdout that is closed" 2 "" "^domstats: .*Bad file"
# A pipe whose reader is gone before the command begins.
mkfifo "$folder/pipe"
exec 6<>"$folder/pipe"
exec 5>"$folder/pipe" 6>&-
status=0
"$command" --help >&5 2>"$folder/err" || status=$?
exec 5>&-
expect "a pipe that nobody reads" 2 "" "^domstats: .*Broken pipe"

# The manual's examples: none may be wrong usage. Whatever they ask, a wrapper notes the status.

mkdir "$folder/bin"
cat >"$folder/bin/domstats" <<WRAPPER
#!/bin/sh
"$command" "\$@"
status=\$?
[ \$status != 1 ] || echo "domstats \$*" >>"$folder/wrong"
exit \$status
WRAPPER
chmod +x "$folder/bin/domstats"
sed -n '/^\.EX/,/^\.EE/s/^domstats/&/p' "$manual" | sed 's/\\-/-/g; s/\\(aq/'"'"'/g; s/\\e/\\/g' >"$folder/examples"
[ -s "$folder/examples" ] || fail "the manual has no examples"
while read -r example; do
    PATH=$folder/bin:$PATH sh -c "$example" >/dev/null 2>&1 </dev/null
done <"$folder/examples"
[ ! -e "$folder/wrong" ] || fail "examples of the manual that are wrong: $(cat "$folder/wrong")"

# Two real QEMUs, which wait at their first instruction.

start_qemu() {
    qemu-system-x86_64 -name "$2" -S -display none -nodefaults -m 16 -accel kvm -accel tcg \
        -qmp "unix:$folder/monitors/$1.sock,server=on,wait=off" \
        -pidfile "$folder/$1.pid" -daemonize >"$folder/out" 2>"$folder/err" </dev/null || return 1
    pids="$pids $(cat "$folder/$1.pid")"
}

live_tests() {
    local source=dir:$folder/monitors

    run -c "$source" --state
    expect "two domains" 0 "^  state\.state=3$" ""
    [ "$(lines out "^Domain: '(alpha|b\\\\x1b\[31m)'$")" = 2 ] || fail "both names, escaped"
    [ "$(lines out '^$')" = 1 ] || fail "one empty line between two domains"
    [ "$(grep -Evc "^Domain: '.*'$|^  [^= ]+=.*$|^$" "$folder/out")" = 0 ] ||
        fail "lines that no reader of virsh's output knows"
    run -c "$source"
    expect "all groups" 0 "^  vcpu\.current=1$" ""
    run -c "$source" --raw --state alpha
    expect "one by name" 0 "^Domain: 'alpha'$" ""
    [ "$(lines out '^Domain')" = 1 ] || fail "one that is named, one that is printed"
    run -c "$source" --state alpha nosuch
    expect "one of two names" 3 "^Domain: 'alpha'$" "^domstats: nosuch: no-domain"
    [ "$(lines out '^Domain')" = 1 ] || fail "what does not exist is not printed"
    run -c "$source" --list-running
    expect "a filter that leaves none" 0 "" ""
    run -c "$source" --state --health alpha
    expect "health as fields" 0 "^  health=ok$" ""
    run -c "$source" list
    expect "the list" 0 "^ [0-9]+ +alpha +paused +ok$" ""
    run -c "$source" --format json
    expect "JSON" 0 '"name":"alpha".*"health":"ok"' ""
    if command -v python3 >/dev/null; then
        python3 -c 'import json, sys; assert len(json.load(sys.stdin)["domains"]) == 2' \
            <"$folder/out" || fail "JSON that python reads"
    fi
    run -c "$source" --format json list
    expect "the list as JSON" 0 '"state":"paused"' ""
    recording_tests "$source"
    stopped_tests "$source" "$(cat "$folder/beta.pid")"
}

recording_tests() {
    run -c "$1" --state
    cp "$folder/out" "$folder/live"
    run -c "$1" record "$folder/recording"
    expect "a recording" 0 "^2 domains recorded in '" ""
    run -c "replay:$folder/recording" --state
    cmp -s "$folder/live" "$folder/out" || fail "the recording tells what the host told"
}

# One QEMU does not answer: the other is complete, and the status says so.
stopped_tests() {
    kill -STOP "$2"
    run -c "$1" --timeout 0.5 --block --vcpu
    expect "one of two is stopped" 3 "^Domain: 'alpha'$" '^domstats: b\\x1b\[31m: stopped: .*; missing: '
    run -c "$1" --timeout 0.5 list
    expect "the list with one stopped" 3 " stopped +process [0-9]+ " ""
    run -c "$1" --timeout 0.5 record "$folder/part"
    expect "a recording that lacks a domain" 3 "^1 of 2 domains recorded in '" \
        '^domstats: b\\x1b\[31m: stopped: .*; missing: '
    run -c "replay:$folder/part" --state alpha
    expect "what was recorded of the other" 0 "^  state\.state=3$" ""
    kill -CONT "$2"
}

if start_qemu alpha alpha && start_qemu beta "$(printf 'b\033[31m')"; then
    live_tests
else
    echo "no QEMU can be started: the live half is left out"
fi
[ "$n_failed" = 0 ]
