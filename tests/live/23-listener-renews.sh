#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# A listener takes up a new identity, new anchors and new revocation lists without a restart:
# from the next connection on. What began before goes on with what it began with.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target

# presented: the fingerprint of the leaf that the next handshake shows
presented()
{
    { openssl s_client -connect "$(at target)" </dev/null 2>/dev/null || true; } |
        openssl x509 -noout -fingerprint -sha256
}
leaf_of() { openssl x509 -in "$scratch/target/identity/$1/chain.pem" -noout -fingerprint -sha256; }
shows_leaf() { [[ $(presented) == "$(leaf_of "$1")" ]]; }
anchors_now() { events target 'select(.event == "credentials") | .anchors' | tail -n 1; }
waiting() { pg target pairings --json </dev/null | jq -r 'select(.state == "pending") | .id' | grep .; }

# ---- an identity ----
check 'at first it shows the first' shows_leaf 2
enrol target office
check 'a chain that was uploaded is shown by the next handshake' shows_leaf 3
check 'and told' event_seen target '.event == "credentials" and .identity == 3'
pairs source target
check 'its first pairing is noted' test -e "$scratch/target/identity/3/seen"
foreign brought office
must target identity import --cert "$scratch/brought.pem" --key "$scratch/brought.key"
check 'one that was imported' shows_leaf 4
pairs source target
must target identity restore 2
check 'one that came back' shows_leaf 2
must target identity self-sign --replace-chain --key rsa2048
check 'a key of another kind' shows_leaf 5
run 1 source pair "$(at target)" --json
must target chain undo
pairs source target

# ---- an unconfirmed one ----
must target identity self-sign --replace-chain --confirm-within 2s
check 'it is in use' shows_leaf 6
check 'nobody confirms, no command runs, and it goes back' wait_for 10 shows_leaf 2
check 'the listener says so' grep -q 'identity 6 was not confirmed' "$scratch/target.events.err"
equal 'on the disk too' 2 "$(readlink "$scratch/target/identity/current")"

# ---- migrations under way, and a pairing that waits for its operator ----
# moves OPTION...: begins to move the estate, and stands still; $migrating
moves()
{
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --limit 3M --streams 2 "$@"
    halt_at source 2000000 || die 'it is under way'
}
must target identity restore 4
tree "$scratch/estate" 12
moves
leaf_sign office "$scratch/brought.csr" "$scratch/renewed.pem"
must target identity import --cert "$scratch/renewed.pem" --key "$scratch/brought.key"
check_not 'over the same key there is nothing to warn of' grep -q PGA1110 "$err"
check 'a certificate renewed for the same key is shown' shows_leaf 7
go_on
ends 0 "$migrating" 60 'a migration goes on over it, old connections and new'
same_tree 'and moves everything' "$scratch/estate" "$scratch/target.into/estate"
moves --name second
must target identity restore 2
check 'another key, while a migration is under way, is warned of' grep -q 'warning: PGA1110' "$err"
check 'with the pairing that it ends' grep -q 'the pairing with source.example.com' "$err"
check 'another key is shown' shows_leaf 2
go_on
ends 1 "$migrating" 60 'a grant is for the key: the next connection is refused'
check 'with the way out' grep -q 'PGP1051' "$scratch/source.lines" "$scratch/source.lines.err"
must target identity restore 7
run 0 source resume "$(migration_of source)"
check 'with the key back it goes on to its end' test -d "$scratch/target.into/second"
mkdir "$scratch/more" && echo more >"$scratch/more/file"
spawn source "$scratch/source.lines" migrate "$(at target)" "$scratch/more" --wait --json
waits=$spawned
wait_for 20 waiting || die 'it waits in the list'
leaf_sign office "$scratch/brought.csr" "$scratch/renewed.pem"
must target identity import --cert "$scratch/renewed.pem" --key "$scratch/brought.key"
check 'renewed once more' shows_leaf 8
must target approve "$(waiting)"
ends 0 "$waits" 60 'who waited is approved, and moves its tree over new connections'

# ---- an anchor ----
ca_new foreign-root 'Foreign CA'
presented >/dev/null
before=$(anchors_now)
must target trust import "$scratch/ca/foreign-root/cert.pem"
presented >/dev/null
equal 'an imported anchor counts from the next connection' "$((before + 1))" "$(anchors_now)"
ca_new shared-root 'Shared CA'
must target trust publish "$scratch/ca/shared-root/cert.pem"
arrived() { pg target trust list --filter subject~Shared --json | jq -e '.anchors | length == 1'; }
check 'a published one arrives by itself' wait_for 5 arrived
presented >/dev/null
equal 'and counts' "$((before + 2))" "$(anchors_now)"
must target trust unpublish -y "$scratch/ca/shared-root/cert.pem"
left() { ! arrived; }
check 'and leaves by itself' wait_for 5 left
check 'the record knows' grep -q '1 added' <(pg target audit show)

# ---- a revocation list ----
pairs source target
dir=$scratch/ca/office
printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$dir/index" "crlnumber=$dir/number" \
    'default_md=sha256' 'default_crl_days=9' 'crl_extensions=x' '[x]' \
    'authorityKeyIdentifier=keyid' >"$dir/cnf"
: >"$dir/index"
echo 05 >"$dir/number"
by_ca() { openssl ca -config "$dir/cnf" -cert "$dir/cert.pem" -keyfile "$dir/key.pem" "$@" 2>/dev/null; }
by_ca -revoke "$scratch/source.pem.leaf"
by_ca -gencrl -out "$scratch/revoked.crl"
must target trust import-crl "$scratch/revoked.crl"
run 1 source pair "$(at target)" --json
check 'a revoked peer is refused by the next connection' finding_in "$out" revocation

# ---- what cannot be taken up ----
printf 'damaged\n' >"$scratch/target/trust/anchors/$(printf '0%.0s' {1..64}).pem"
check 'what is damaged changes nothing' shows_leaf 8
check 'and is told once' grep -q 'PGC2034' "$scratch/target.events.err"
told() { grep -c '^pairgate: PGC2034' "$scratch/target.events.err"; }
for _ in 1 2 3; do presented >/dev/null; done
check 'once by each process, and not with each connection' test "$(told)" -le 2
rm "$scratch/target/trust/anchors/$(printf '0%.0s' {1..64}).pem"
run 0 target audit verify
listen_end target
