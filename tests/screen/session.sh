# tests/screen/session.sh: sessions with the monitor, as the scripts of this folder share them.
# shellcheck shell=sh disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/../cli/lib.sh"
. "$here/../cli/tmux.sh"
variables=

# Starts `ringside monitor` with these words in a terminal of $1 by $2, in an environment of $variables. Its config,
# home and startup files are this session's own, unless $variables says something else.
session() {
    columns=$1
    rows=$2
    shift 2
    rm -f before after done pid status
    cat >session.sh <<END
export HOME='$work/home' XDG_CONFIG_HOME='$work/config-$terminals' XDG_STATE_HOME='$work/state' $variables
stty -a >before
sh -c 'echo \$\$ >pid; exec "\$@"' sh "$ringside" monitor $* 2>err
echo \$? >status
: >done
while :; do echo THE-SHELL-AGAIN; sleep 0.2; done
END
    terminal "$columns" "$rows" session.sh
}

# A command at the prompt.
command_line() {
    keys :
    shows '^:' && keys -l "$1" && keys Enter
}

# The terminal's modes without its size, which a test may have changed.
modes() {
    stty -a -F "$(pane display-message -p '#{pane_tty}')" | sed '1s/rows [0-9]*; columns [0-9]*;//'
}
modes_are_back() {
    modes >after && cmp -s before after
}

# No other screen, a cursor, no mouse, no keypad: what the emulator knows of itself.
terminal_is_back() {
    [ "$(pane display-message -p '#{alternate_on}#{cursor_flag}#{mouse_any_flag}#{keypad_flag}#{keypad_cursor_flag}')" = 01000 ]
}

# The monitor has gone with this status, and the terminal is as it was: its modes, and the screen of before. When it was
# killed, somebody else must see to that, a moment later.
over() {
    ended "$1" || return 1
    sed -i '1s/rows [0-9]*; columns [0-9]*;//' before
    until_true modes_are_back && shows 'THE-SHELL-AGAIN' && until_true terminal_is_back
}
