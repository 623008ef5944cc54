# shellcheck shell=bash disable=SC2154,SC2016 # lab, scratch and failed are the scripts' that use this; machines expand
# For scripts of this folder, after they have set lab, scratch and failed: one line for each step, with its time.

master() { "$lab" master "$@"; }
on() { "$lab" ssh "$@"; }
limit=1200

# Runs a command or a function, not longer than $limit seconds.
limited() {
    local job
    "$@" < /dev/null &
    job=$!
    timeout "$limit" tail -s 0.2 --pid="$job" -f /dev/null || { echo "not done after $limit s"; pkill -P "$job"; kill "$job"; }
    wait "$job"
}

# step NAME COMMAND...: what it said is shown if it failed.
step() {
    local name=$1 from code
    shift
    from=$(date +%s%N)
    limited "$@" > "$scratch/out" 2>&1
    code=$?
    printf '%-4s %7d ms  %s\n' "$([ $code = 0 ] && echo ok || echo FAIL)" $((($(date +%s%N) - from) / 1000000)) "$name"
    [ $code = 0 ] && return
    failed=$((failed + 1))
    tail -n 8 "$scratch/out" | sed 's/^/        /'
}

# A physical volume on a machine's data disk, and BUILD's node daemon in the place of the reference's.
prepare_machine() {
    local i=$1 daemon=$2
    on "$i" 'pvcreate -qq /dev/ubdb && vgcreate -qq xenvg /dev/ubdb && echo 3.0 > /etc/ganeti/gantry-level
        for name in mond confd; do ln -sf /bin/true "$(readlink -f "/usr/sbin/ganeti-$name")"; done' || return
    strip -o "$scratch/ganeti-noded" "$daemon"
    "$lab" put "$i" "$scratch/ganeti-noded" /root/ganeti-noded && on "$i" 'install /root/ganeti-noded /usr/sbin/ganeti-noded'
}
