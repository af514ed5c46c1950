#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# More certificates than a handshake takes: refused at once, by whoever presents them and to
# whomever, with the limit in the finding; nobody waits for a deadline.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target

# told WHERE: the finding that names the limit.
told() { grep -q 'PGP1300.*at most 19' "$1"; }

for n in 20 21 25 40; do
    long_ladder "long$n" "$n" ec
    foreign "peer$n" "long$n"
    : >"$scratch/target.events"

    # A foreign client of our listener.
    (sleep 20) | timeout 30 openssl s_client -quiet -tls1_3 -connect "$(at target)" \
        -cert "$scratch/peer$n.leaf.pem" -key "$scratch/peer$n.key" \
        -cert_chain "$scratch/peer$n.chain.pem" >"$scratch/client" 2>&1 &
    client=$!
    check "$n from a client: the target says why" wait_for 8 told "$scratch/target.events"
    kill "$client" 2>/dev/null || true

    # A foreign server that our source dials.
    openssl s_server -accept 127.0.0.1:0 -tls1_3 -Verify 20 -cert "$scratch/peer$n.leaf.pem" \
        -key "$scratch/peer$n.key" -cert_chain "$scratch/peer$n.chain.pem" \
        >"$scratch/server$n" 2>&1 </dev/zero &
    server=$!
    port=$(server_port "$scratch/server$n") || die 'openssl s_server starts'
    run 1 source pair "127.0.0.1:$port" --json
    kill "$server" 2>/dev/null || true
    check "$n from a server: the source says why" told "$out"
done

# An agent of ours that was given such a chain behind the back of `chain upload`.
cp "$scratch/source/identity/current/chain.pem" "$scratch/good.pem"
leaf_sign long25 "$scratch/source.csr" "$scratch/bad.pem"
plant source "$scratch/bad.pem"
run 1 source pair "$(at target)" --json
check 'our own source sends none of it' told "$out"
tree "$scratch/estate" 0
code target
run 1 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --json
check 'nor does a migration begin' told "$out"
nothing_moved target source
plant source "$scratch/good.pem"
pairs source target
listen_end target
