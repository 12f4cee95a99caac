#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What bash and zsh complete for our programs: each option that --help shows, where it goes, what its argument may be,
# and the names of domains, which are never read as a shell's words.
set -u
export LC_ALL=C
loader=/usr/share/bash-completion/bash_completion
[ -e "$loader" ] && command -v zsh >/dev/null || {
    echo "no bash-completion, or no zsh"
    exit 77
}
made=$DOMSTATS_BUILD/src/completion
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
n_failed=0
mkdir "$folder/bin"
ln -s "$DOMSTATS_COMMAND" "$folder/bin/domstats"
ln -s "$DOMSTATS_MONITOR" "$folder/bin/domstats-monitor"
ln -s "$DOMSTATS_DAEMON" "$folder/bin/domstatsd"
PATH=$folder/bin:$PATH

fail() {
    echo "FAILED: $1"
    n_failed=$((n_failed + 1))
}

# The options that a program's --help shows.
helped() { "$1" --help | sed -nE 's/^  (-.*)/\1/p' | sed -E 's/  .*//' | grep -oE '(^|[ ,])--?[A-Za-z][a-z-]*' | tr -d ' ,' | sort -u; }

# bash completes the line "$1": prints what it offers, a line each. COMP_WORDS is split as bash does it.
in_bash() {
    COMP_TEXT=$1 MADE=$made/bash LOADER=$loader bash --norc -c '
        source "$LOADER"
        for program in domstats domstats-monitor domstatsd; do source "$MADE/$program"; done
        compopt() { :; }
        COMP_LINE=$COMP_TEXT COMP_POINT=${#COMP_TEXT} COMP_TYPE=9 COMP_KEY=9
        mapfile -t COMP_WORDS < <(sed -E "s/([:=])/ \1 /g; s/ +/\n/g" <<<"$COMP_TEXT")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        function=${COMP_WORDS[0]//-/_}
        "_$function"
        [ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"'
}

# offers SENTENCE LINE WORD...: these, each, and nothing else that begins so.
offers() {
    local sentence=$1 line=$2
    shift 2
    in_bash "$line" >"$folder/got" 2>"$folder/err"
    [ ! -s "$folder/err" ] || fail "$sentence: $(cat "$folder/err")"
    printf '%s\n' "$@" | sed '/^$/d' | diff - "$folder/got" >"$folder/diff" || fail "$sentence: $(cat "$folder/diff")"
}

recorded=replay:$DOMSTATS_TESTS/qemujsontestdata
offers "an option" "domstats --form" --format
offers "an option's words" "domstats --format " text json
offers "an option's words, behind =" "domstats --format=j" json
offers "an option of a sub-command" "domstats list --verb" --verbose
offers "none that does not go with it" "domstats list --raw" ""
offers "a sub-command" "domstats rec" record
offers "a kind of source" "domstats -c rep" replay:
offers "a domain of a recorded host" "domstats -c $recorded --state runnin" running
offers "a domain of it for list, with an option that list does not take" "domstats list -c $recorded runnin" running
offers "after -- only domains" "domstats -c $recorded -- runnin" running
offers "no domains of a libvirt" "domstats -c libvirt:test:///default runnin" ""
offers "a sub-command of domstats-monitor" "domstats-monitor a" add
offers "an option of domstatsd" "domstatsd --che" --check

# In bash and zsh: all options of --help, and no others.
specified() {
    zsh -f -c 'file=$1; shift
        _arguments() { print -rl -- "$@" }
        words=("$@" ""); CURRENT=$#words
        source $file' zsh "$made/_$1" "$@" | sed -nE 's/^\*(--?[A-Za-z][a-z-]*[a-z]|-[A-Za-z]).*/\1/p'
}
for words in "domstats stats" "domstats list" "domstats record" "domstats doctor" "domstats top" \
    "domstats-monitor add" "domstatsd x"; do
    program=${words% *}
    in_bash "$words -" >>"$folder/bash.$program"
    # shellcheck disable=SC2086 # two words
    specified $words >>"$folder/zsh.$program"
done
for program in domstats domstats-monitor domstatsd; do
    helped "$program" >"$folder/helped"
    [ "$(wc -l <"$folder/helped")" -ge 8 ] || fail "$program: few options in --help"
    for shell in bash zsh; do
        sort -u "$folder/$shell.$program" | diff "$folder/helped" - || fail "$shell, $program: not the options of --help"
    done
done

# A name that would do something.
rm "$folder/bin/domstats"
cat >"$folder/bin/domstats" <<'END'
#!/bin/sh
echo '{"domains":['
echo '{"name":"a $(touch done) `touch done` ;c","uuid":""},'
echo '{"name":"a\n","uuid":""}'
END
chmod +x "$folder/bin/domstats"
name='a $(touch done) `touch done` ;c'
cd "$folder" || exit 1
offers "a name with a shell's words is quoted" "domstats a" "$(printf %q "$name")"
[ ! -e done ] || fail "a name was carried out"

# zsh by itself, at a terminal of its own.
timeout 60 zsh -f -c '
    zmodload zsh/zpty
    zpty terminal zsh -f -i
    zpty -w terminal "fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; PS1=ready\$; print is-\${:-set}"
    zpty -r -m terminal text "*is-set*ready*"
    zpty -n -w terminal $'"'"'domstats list --verb\t'"'"'
    zpty -r -m terminal text "*--verbose*"
    zpty -n -w terminal $'"'"'\x15domstats -- a\t'"'"'
    zpty -r -m terminal text "*;c*"
    zpty -d terminal' zsh "$made" || fail "zsh completes nothing at a terminal"
[ ! -e done ] || fail "a name was carried out by zsh"
[ "$n_failed" -eq 0 ] && echo "bash and zsh complete what --help shows"
