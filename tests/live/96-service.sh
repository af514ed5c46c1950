#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The listener as a service: the unit and its score, readiness, a socket from the service
# manager, and a user with five capabilities, or none, who receives what another one owned.
. "$(dirname "$0")/lib.sh"

systemd=$live_root/systemd
if command -v systemd-analyze >/dev/null; then
    sed "s|/usr/bin/pairgate|$PAIRGATE|; /^Documentation/d" "$systemd/pairgate.service" >"$scratch/pairgate.service"
    check 'systemd takes the unit' systemd-analyze verify "$scratch/pairgate.service"
    score=$(systemd-analyze security --offline=true "$systemd/pairgate.service" |
        sed -n 's/.*exposure level for pairgate.service: \([0-9.]*\).*/\1/p')
    check "its exposure is at most 2.0 ($score)" awk -v s="$score" 'BEGIN { exit !(s != "" && s <= 2.0) }'
fi

ladder office
member source office
member target office
tree "$scratch/estate" 3
chown 4321:4322 "$scratch/estate/big"
chmod 4711 "$scratch/estate/big"

# The word that it is ready comes on a datagram socket, once it can be dialled.
python3 - "$scratch/notify" >"$scratch/told" <<'EOF' &
import socket, sys
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind(sys.argv[1])
told.settimeout(60)
print(told.recv(256).decode())
EOF
waiter=$!
wait_for 10 test -S "$scratch/notify" || die 'a socket to notify'
NOTIFY_SOCKET=$scratch/notify listen target
wait "$waiter" || true
equal 'the service manager hears that it is ready' READY=1 "$(cat "$scratch/told")"
listen_end target

# On a socket that the manager has opened; nobody else could accept.
if command -v systemd-socket-activate >/dev/null; then
    port=${listener_port[target]}
    : >"$scratch/target.events"
    PAIRGATE_STATE=$scratch/target setsid systemd-socket-activate -E PAIRGATE_STATE \
        -l "127.0.0.1:$port" "$PAIRGATE" listen --into "$scratch/target.into" --json \
        >>"$scratch/target.events" 2>"$scratch/target.events.err" &
    listener_group[target]=$!
    own "$!"
    check 'the manager listens' wait_for 20 grep Listening "$scratch/target.events.err"
    code target
    run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --name given
    same_tree 'it is received on the socket given' "$scratch/estate" "$scratch/target.into/given"
    listen_end target
fi

# as_service NAME CAPABILITIES: listen as a user of its own, whom the state belongs to.
as_service()
{
    local caps=$2
    chown -R 65534:65534 "$scratch/$1" "$scratch/$1.into"
    listen_as=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps="-all$caps"
        --ambient-caps="-all$caps" --bounding-set="-all$caps")
    cat >"$scratch/as-service" <<EOF
#!/bin/sh
exec ${listen_as[*]} $PAIRGATE "\$@"
EOF
    chmod 755 "$scratch/as-service" "$scratch"
    PAIRGATE=$scratch/as-service listen "$1"
}

if [[ $(id -u) != 0 ]]; then
    ok 'not root: no other user to be'
    exit
fi
as_service target ',+chown,+dac_override,+fowner,+fsetid,+setfcap'
check 'it runs as that user' grep -E '^Uid:[[:space:]]65534' "/proc/${listener_group[target]}/status"
code target
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --name kept
same_tree 'with five capabilities all is kept' "$scratch/estate" "$scratch/target.into/kept"
equal 'owner and setuid among it' '4321:4322 4711' "$(stat -c '%u:%g %a' "$scratch/target.into/kept/big")"
listen_end target

as_service target ''
code target
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --name own
check 'without any, the contents are' diff -r "$scratch/estate/small" "$scratch/target.into/own/small"
equal 'and belong to the one who received them' 65534 "$(stat -c %u "$scratch/target.into/own/big")"
listen_end target
