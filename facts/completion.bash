# shellcheck shell=bash disable=SC2154 # the tables are made by factdump
# Completion of gnt-* for bash: the part that is the same for all rows. `factdump --completion` prints the tables that
# stand before it in the installed file:
#
#   gnt_commands[PROGRAM]              its commands and their other names
#   gnt_aliases[PROGRAM NAME]          the command that another name stands for
#   gnt_options[PROGRAM COMMAND]       --force takes no value, --node=node one that is a node, --units=choice:h,m one of
#                                      these
#   gnt_arguments[PROGRAM COMMAND]     what each argument is, in order; "+": as many as you like
#   gnt_ssconf, gnt_queue, gnt_os, gnt_iallocators    where names are found

_gnt_file() {
    [[ -r $1 ]] && cat -- "$1" 2>/dev/null
}

# The names of a list of UUIDs and names.
_gnt_names() {
    local name
    while read -r _ name; do
        printf '%s\n' "${name%% *}"
    done < <(_gnt_file "$1")
}

_gnt_entries() {
    local folder path
    for folder; do
        for path in "$folder"/*; do
            [[ -e $path ]] && printf '%s\n' "${path##*/}"
        done
    done
}

_gnt_jobs() {
    local path
    for path in "${GANETI_ROOTDIR-}$gnt_queue"/job-*; do
        [[ -e $path ]] && printf '%s\n' "${path##*/job-}"
    done
}

_gnt_reply() {
    mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

# Completes the current word as a value of this kind.
_gnt_value() {
    local ssconf=${GANETI_ROOTDIR-}$gnt_ssconf
    case ${1%%:*} in
    choice | suggest) _gnt_reply -W "$(tr , '\n' <<<"${1#*:}")" ;;
    bool) _gnt_reply -W $'yes\nno' ;;
    node | nodes | host) _gnt_reply -W "$(_gnt_file "${ssconf}node_list")" ;;
    instance) _gnt_reply -W "$(_gnt_file "${ssconf}instance_list")" ;;
    group) _gnt_reply -W "$(_gnt_names "${ssconf}nodegroups")" ;;
    network) _gnt_reply -W "$(_gnt_names "${ssconf}networks")" ;;
    job_id) _gnt_reply -W "$(_gnt_jobs)" ;;
    os) _gnt_reply -W "$(_gnt_entries "${gnt_os[@]}")" ;;
    iallocator) _gnt_reply -W "$(_gnt_entries "${gnt_iallocators[@]}")" ;;
    command) _gnt_reply -c ;;
    file) _gnt_reply -f ;;
    esac
}

# Sets kind to what the option takes; fails if it takes nothing.
_gnt_option_kind() {
    local word
    for word in ${gnt_options[$key]-}; do
        if [[ $word == "$1="* ]]; then
            kind=${word#*=}
            return 0
        fi
    done
    return 1
}

# Sets kind to what the n-th argument is, from 0; fails if there is none.
_gnt_argument_kind() {
    local -a kinds
    read -ra kinds <<<"${gnt_arguments[$key]-}"
    local last=$((${#kinds[@]} - 1))
    if (($1 <= last)); then
        kind=${kinds[$1]%+}
    elif ((last >= 0)) && [[ ${kinds[last]} == *+ ]]; then
        kind=${kinds[last]%+}
    else
        return 1
    fi
}

_gnt_options() {
    local word
    for word in ${gnt_options[$key]-} --help; do
        [[ $word == --*=* ]] && word=${word%%=*}= || word=${word%%=*}
        printf '%s\n' "$word"
    done
}

_gnt() {
    local cur i key kind n=0 prev program
    local -a words=()
    COMPREPLY=()
    # bash takes "--option=value" for three words.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        if ((i > 1)) && [[ ${COMP_WORDS[i]} == = || ${words[-1]} == --*= ]]; then
            words[-1]+=${COMP_WORDS[i]}
        else
            words+=("${COMP_WORDS[i]}")
        fi
    done
    program=${words[0]##*/}
    cur=${words[-1]}
    if ((${#words[@]} == 2)); then
        _gnt_reply -W "$(tr ' ' '\n' <<<"${gnt_commands[$program]-} --help --version")"
        return
    fi
    key="$program ${words[1]}"
    key="$program ${gnt_aliases[$key]:-${words[1]}}"
    prev=${words[-2]}
    if [[ $cur == --*=* ]]; then
        _gnt_option_kind "${cur%%=*}" && cur=${cur#*=} && _gnt_value "$kind"
    elif ((${#words[@]} > 3)) && [[ $prev == -* ]] && _gnt_option_kind "$prev"; then
        _gnt_value "$kind"
    elif [[ $cur == -* ]]; then
        _gnt_reply -W "$(_gnt_options)"
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
    else
        for ((i = 2; i < ${#words[@]} - 1; i++)); do
            if [[ ${words[i]} != -* ]]; then
                n=$((n + 1))
            elif [[ ${words[i]} != *=* ]] && _gnt_option_kind "${words[i]}"; then
                i=$((i + 1))
            fi
        done
        _gnt_argument_kind "$n" && _gnt_value "$kind"
    fi
    return 0
}

complete -F _gnt "${!gnt_commands[@]}"
