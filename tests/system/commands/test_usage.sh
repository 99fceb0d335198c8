#!/bin/bash
# What the program says of itself: --help, the man page and the completion of bash name the same
# commands, options and words, and the program takes them.
. "$(dirname "$0")/../lib.sh"

man=$(dirname "$periscope")/periscope.8
completion=$(dirname "$periscope")/periscope.bash
commands=$("$periscope" help | sed -n 's/^  \([a-z]*\)  .*/\1/p')

# Options and operands of a command, one a line, as --help has them in its first column.
told() { # command
  "$periscope" help "$1" | sed -n "s/^  \([-'A-Za-z].*\)/\1/p" | sed 's/   *.*//' | sort
}

# The same of the man page, as it is read.
in_man() { # command
  awk -v want="periscope $1" '
    /^\.S[SH]/ { on = $0 == ".SS " want; next }
    on && /^\.TP/ { getline; print }' "$man" |
    sed 's/\\&//g; s/\\f[BIR]//g; s/\\-/-/g; s/\\(aq/'"'"'/g' | sort
}

man_is_help() {
  [ "$(echo "$commands" | wc -w)" -eq 9 ] || { echo "commands: $commands"; return 1; }
  for command in $commands; do
    told "$command" >"$tmp/told"
    in_man "$command" >"$tmp/in_man"
    [ "$(wc -l <"$tmp/told")" -ge 2 ] && diff "$tmp/told" "$tmp/in_man" || { echo "$command"; return 1; }
  done
}
check "the man page has the options of --help" man_is_help

completion_is_help() {
  . "$completion"
  for command in $commands; do
    _periscope_rows "$command"
    printf '%s\n' "${rows[@]}" | sort >"$tmp/rows"
    # A letter and its long name are two rows there, and quotes none.
    told "$command" | sed 's/, /\n/; s/'"'"'//g' | sort | diff - "$tmp/rows" || { echo "$command"; return 1; }
  done
}
check "the completion has the options of --help" completion_is_help

# A row that its command does not read would end as wrong usage.
taken() {
  . "$completion"
  for command in $commands; do
    _periscope_rows "$command"
    for row in "${rows[@]}"; do
      [[ $row == -* && $command != help ]] || continue
      arguments=("${row%% *}")
      case ${row#* } in
      -*) ;;
      N) arguments+=(7) ;;
      *'|none' | [A-Z]*) arguments+=(x) ;;
      *) value=${row#* } && arguments+=("${value%%|*}") ;;
      esac
      "$periscope" "$command" "${arguments[@]}" --help >"$tmp/help" 2>"$tmp/stderr" && [ ! -s "$tmp/stderr" ] &&
        grep -q "^usage: periscope $command" "$tmp/help" || { echo "$command ${arguments[*]}"; return 1; }
    done
  done
}
check "each command takes the options that it names" taken

# Nobody answers there, which status 1 says; wrong usage is 2.
asked() {
  . "$completion"
  _periscope_rows ctl
  for row in "${rows[@]}"; do
    [[ $row != -* ]] || continue
    "$periscope" ctl --socket "$tmp/none" "$row" 2>"$tmp/stderr"
    [ $? -eq 1 ] && grep -q "^periscope: ctl: no appliance answers at $tmp/none: No such file or directory$" "$tmp/stderr" || return 1
  done
}
check "ctl asks each of the words that it names" asked

wrong() { # sentence, arguments...: one line on standard error, and status 2
  sentence=$1
  shift
  "$periscope" "$@" >"$tmp/stdout" 2>"$tmp/stderr"
  [ $? -eq 2 ] && [ ! -s "$tmp/stdout" ] && [ "$(cat "$tmp/stderr")" = "periscope: $sentence" ] || { cat "$tmp/stderr"; return 1; }
}
for command in $commands; do
  check "$command: an option it does not have" wrong "$command: no such option '--bogus'; see 'periscope $command --help'" "$command" --bogus
  check "$command: a letter it does not have" wrong "$command: no such option '-Z'; see 'periscope $command --help'" "$command" -Z
done
check "an option of none" wrong "no such option '--bogus'; see 'periscope --help'" --bogus
check "an option without its value" wrong "mirror: no value for option '--mtu'; see 'periscope mirror --help'" mirror --mtu
check "a letter without its value" wrong "run: no value for option '-c'; see 'periscope run --help'" run -c
check "a value for an option that takes none" wrong "replay: no value belongs to option '--force=yes'; see 'periscope replay --help'" replay --force=yes

full() { # arguments...: what is printed has no room
  "$periscope" "$@" >/dev/full 2>"$tmp/stderr"
  [ $? -eq 1 ] && [ "$(cat "$tmp/stderr")" = "periscope: standard output: could not write all of it" ]
}
check "standard output is full: help" full help
check "standard output is full: help of a command" full run --help
check "standard output is full: version" full -V
check "standard output is full: the default settings" full --dump-config
check "standard output is full: settings in force" full replay --dump-config
check "standard output is full: check" full check -c "$root/pcaps/lab.yaml"
check "standard output is full: explain" full explain -c "$root/pcaps/lab.yaml" -r "$root/pcaps/web.pcap" -n 3
check "standard output is full: mirror" full mirror --vni 1 --source 10.9.9.9 "$root/pcaps/web.pcap" "$tmp/mirrored.pcap"
check "standard output is full: replay" full replay -l none "$root/pcaps/web.pcap"

man_is_sound() {
  man --warnings=w -l "$man" >"$tmp/page" 2>"$tmp/warnings" && [ ! -s "$tmp/warnings" ] && [ "$(wc -l <"$tmp/page")" -gt 100 ]
}
if command -v man >/dev/null && command -v groff >/dev/null; then
  check "groff has nothing to say about the man page" man_is_sound
else
  skip "no man or groff"
fi

# ---- completion ----

mkdir "$tmp/here" "$tmp/here/folder" && : >"$tmp/here/one.pcap" && : >"$tmp/here/two words.yaml"

# What completes the last of the words, in order; words are as readline cuts them.
completes() { # expected, words...
  expected=$1
  shift
  (
    cd "$tmp/here" && . "$completion"
    compopt() { :; } # only bash's own call has one
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _periscope
    got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' ')
    [ "$got" = "$expected" ] || { echo "got $got"; return 1; }
  )
}
check "completion: a command" completes "mirror" periscope mi
check "completion: all commands, and the program's options" completes \
  "--dump-config --help --version -V -h check ctl explain help index mirror read replay run" periscope ''
check "completion: options" completes "--packet-length" periscope mirror --pa
check "completion: options of another command" completes "" periscope ctl --pa
check "completion: files for operands" completes "folder one.pcap two words.yaml" periscope replay ''
check "completion: a file for an option" completes "two words.yaml" periscope run -c tw
check "completion: folders, and the word beside them" completes "folder none" periscope replay -l ''
check "completion: one of several words" completes "mirror" periscope replay --input mi
check "completion: behind =" completes "next stop" periscope mirror --on-reject '='
check "completion: behind =, begun" completes "stop" periscope mirror --on-reject = s
check "completion: no guess where any value may stand" completes "" periscope explain --vni ''
check "completion: what ctl is asked" completes "reload rules" periscope ctl -j r
check "completion: and once only" completes "" periscope ctl stats r
check "completion: help" completes "check ctl" periscope help c
check "completion: a setting" completes "flow.idle_timeout=" periscope run --set flow.idle
check "completion: a setting's value" completes "off on" periscope run --set dedup.mode = o
check "completion: a command that is none" completes "" periscope bogus ''

# As somebody types it.
cat >"$tmp/type.py" <<'END'
import os, pty, select, sys, time

def until_quiet(fd, text=b""):
    while select.select([fd], [], [], 0.4)[0]:
        text += os.read(fd, 4096)
    return text

pid, fd = pty.fork()
if pid == 0:
    os.chdir(sys.argv[2])
    os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"],
               dict(os.environ, PS1="$ ", TERM="dumb", INPUTRC="/dev/null", HISTFILE="/dev/null"))
until_quiet(fd)
os.write(fd, b". %s\n" % sys.argv[1].encode())
until_quiet(fd)
for typed, want in ((b"periscope mir\t", b"periscope mirror "), (b"periscope run -c tw\t", b"-c two\\ words.yaml "),
                    (b"periscope run --set overload.shed_d\t", b"overload.shed_dpi="),
                    (b"periscope run --set overload.shed_dpi=f\t", b"overload.shed_dpi=false "),
                    (b"periscope mirror --on-reject=n\t", b"--on-reject=next "), (b"periscope replay -l fo\t", b"-l folder/")):
    os.write(fd, typed)
    got = until_quiet(fd)
    os.write(fd, b"\x15")  # forget the line
    until_quiet(fd)
    if not got.endswith(want):
        sys.exit("typed %r, and there is %r" % (typed, got))
os.write(fd, b"exit\n")
os.waitpid(pid, 0)
END
check "completion: as it is typed" python3 "$tmp/type.py" "$completion" "$tmp/here"
finish
