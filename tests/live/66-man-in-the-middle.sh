#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A man in the middle whose certificate is of the same CA: he fails by name, by what the hello
# says, by the code on the screens, and sees no credential.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || skip 'python3 is not there'

ladder office
member source office
member target office
member middle office
foreign relay office
listen target
tree "$scratch/estate" 1
(umask 077 && echo 'correct horse battery' >"$scratch/password")
must target admin add root --password-file "$scratch/password"
code target

# Both TLS connections end at the relay; what was inside them is in relayed.log.
cat >"$scratch/relay.py" <<'EOF'
import socket, ssl, sys, threading
where, port = sys.argv[1], int(sys.argv[2])
log = open(f"{where}/relayed.log", "ab", buffering=0)

def context(side):
    c = ssl.SSLContext(side)
    c.minimum_version = ssl.TLSVersion.TLSv1_3
    c.check_hostname = False
    c.load_cert_chain(f"{where}/relay.pem", f"{where}/relay.key")
    c.load_verify_locations(f"{where}/relay.chain.pem")
    c.verify_mode = ssl.CERT_REQUIRED
    return c

def pump(a, b):
    try:
        while data := a.recv(65536):
            log.write(data)
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

def serve(raw):
    try:
        inner = context(ssl.PROTOCOL_TLS_SERVER).wrap_socket(raw, server_side=True)
        outer = context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(
            socket.create_connection(("127.0.0.1", port)))
    except OSError as e:
        print(e, file=sys.stderr)
        return
    threading.Thread(target=pump, args=(outer, inner), daemon=True).start()
    pump(inner, outer)

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
EOF
setsid python3 "$scratch/relay.py" "$scratch" "${listener_port[target]}" \
    >"$scratch/relay.port" 2>"$scratch/relay.err" </dev/null &
own "$!"
wait_for 10 test -s "$scratch/relay.port" || die 'the relay listens'
relay=127.0.0.1:$(cat "$scratch/relay.port")

# through WANT RULE-OR-ID OPTION...: a migration by way of the relay is refused for that.
through()
{
    local want=$1
    shift
    run 1 source migrate "$relay" "$scratch/estate" --json "$@"
    check "refused by $want" grep -q "$want" "$out"
    nothing_moved target source
}

# His certificate is good and for the address that was dialled: the hello of the other side
# is not for the certificate that he presents.
through PGP1034 --code-file "$scratch/target.code"
through PGP1034 --user root --password-file "$scratch/password"
through PGP1034 --wait
through PGP1034 --code-file "$scratch/target.code" --peer-name target.example.com
check 'the relay saw the conversations' grep -q 'pairing/hello' "$scratch/relayed.log"
check_not 'but no password' grep -qF 'correct horse' "$scratch/relayed.log"
check_not 'no code' grep -qF "$(cat "$scratch/target.code")" "$scratch/relayed.log"
check_not 'and no proof of either' grep -q '"scram"' "$scratch/relayed.log"
run 0 target invitations --json
equal 'the code is still good, nothing was tried with it' 0 \
    "$(jq -r 'select(.state == "open") | .failures' "$out")"

# A whole agent in the middle: it pairs with both sides under its own name. Named, it fails.
listen middle
run 1 source migrate "$(at middle)" "$scratch/estate" --json --peer-name target.example.com \
    --user root --password-file "$scratch/no-such-file"
check 'by the name' grep -q '"peer-name"' "$out"
check_not 'before any password was read' grep -q PGB10 "$out"
nothing_moved middle source

# By its address alone it is a good peer; a password proven to it is of no use to it.
run 1 source migrate "$(at middle)" "$scratch/estate" --json --user root \
    --password-file "$scratch/password"
check 'it cannot prove that it knows the password' grep -q 'PGP2005\|PGP1063' "$out"
check_not 'nor has it learnt it' grep -rqF 'correct horse' "$scratch/middle" "$scratch/middle.events"
run 1 source migrate "$(at middle)" "$scratch/estate" --json --code-file "$scratch/target.code"
check_not 'nor the code' grep -rqF "$(cat "$scratch/target.code")" "$scratch/middle" "$scratch/middle.events"
nothing_moved middle source

# Approval: the source waits at the middle, the middle waits at the target. Two codes.
waiting_code()
{
    jq -rR 'fromjson? | select(.event == "waiting") | .code' "$scratch/$1.lines" | sed -n 1p
}
has_code() { [[ $(waiting_code "$1") ]]; }
spawn source "$scratch/source.lines" migrate "$(at middle)" "$scratch/estate" --wait --json
source_group=$spawned
spawn middle "$scratch/middle.lines" migrate "$(at target)" "$scratch/estate" --wait --json
middle_group=$spawned
check 'the source shows a code' wait_for 20 has_code source
check 'the middle shows one' wait_for 20 has_code middle
run 0 target pairings --json
pending=$(jq -c 'select(.state == "pending")' "$out")
check "the target shows another than the source" \
    test "$(jq -r .code <<<"$pending")" != "$(waiting_code source)"
equal 'and the name of the middle' middle.example.com "$(jq -r .source <<<"$pending")"
run 0 target deny "$(jq -r .id <<<"$pending")"
ends 1 "$middle_group" 20 'the middle is sent away'
kill -TERM -- "-$source_group" 2>/dev/null || true
wait "$source_group" 2>/dev/null || true
nothing_moved target
listen_end middle
listen_end target
