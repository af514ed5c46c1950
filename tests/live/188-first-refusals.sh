#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The first refusal names the file or word at fault, its cause is true, and what it says to type
# works.
. "$(dirname "$0")/lib.sh"

# tells STATUS ID WORDS ARGUMENT...: the source's command ends so, with this id and words.
tells()
{
    local status=$1 id=$2 words=$3
    shift 3
    run "$status" source "$@"
    check "  with $id and '$words'" grep -qF "$id" "$out" "$err"
    check '  the words' grep -qF -- "$words" "$out" "$err"
}

ladder office
member source office
printf 'a\0b' >"$scratch/noise"
head -c 3000000 /dev/zero | tr '\0' x >"$scratch/large"

# ---- which of the files ----
tells 1 PGC1004 "$scratch/noise: " preflight "$scratch/source.pem" "$scratch/noise"
tells 1 PGC1007 "$scratch/source.csr: " trust import "$scratch/source.csr"
tells 1 PGC1012 'more than 1048576 bytes' chain check "$scratch/large"

tells 1 PGB1002 "$scratch/large: more than" request diff "$scratch/large" "$scratch/source.pem"

# ---- names ----
tells 64 PGA2002 'Give --name with its full host name' \
    --state "$scratch/unnamed" init --name 'two words'

# ---- addresses ----
tells 64 PGA1001 'is a URL; give HOST or HOST:PORT' pair https://target.example.com:8443
tells 2 PGA1014 "'8443' is no numeric address and port" \
    listen --peer 8443 --into "$scratch/into"
listen source
run 2 source --state "$scratch/other" listen --peer "0:${listener_port[source]}" --into "$scratch/into"
check_not '  an address in short is one' grep -qF 'is no numeric address' "$err"
listen_end source
tells 64 PGB1010 'would never count' invite --expires 0s
equal '  and no code is made' '' "$(pg source invitations)"

# ---- keys from elsewhere ----
(
    umask 077
    echo 'a long passphrase' | tee "$scratch/pass" >"$scratch/pass.new"
    openssl genrsa -out "$scratch/plain.key" 2048
    openssl req -new -key "$scratch/plain.key" -subj /CN=source.example.com -out "$scratch/w.csr"
    openssl rsa -traditional -aes128 -in "$scratch/plain.key" -passout "file:$scratch/pass" \
        -out "$scratch/old.key"
) 2>/dev/null
leaf_sign office "$scratch/w.csr" "$scratch/w.pem" san=DNS:source.example.com
tells 1 PGC2002 'openssl pkcs8 -topk8 -in FILE -out NEW' identity import \
    --cert "$scratch/w.pem" --key "$scratch/old.key" --passphrase-file "$scratch/pass"
(umask 077 && openssl pkcs8 -topk8 -in "$scratch/old.key" -passin "file:$scratch/pass" \
    -passout "file:$scratch/pass.new" -out "$scratch/new.key")
run 0 source identity import --cert "$scratch/w.pem" --key "$scratch/new.key" \
    --passphrase-file "$scratch/pass"

openssl pkcs12 -export -nokeys -in "$scratch/w.pem" -passout "file:$scratch/pass" \
    -out "$scratch/nokey.p12"
tells 1 PGC2084 'with its private key' identity import --p12 "$scratch/nokey.p12" \
    --passphrase-file "$scratch/pass"

# ---- a leaf without its chain is no identity to pair with, and that is said at once ----
openssl x509 -in "$scratch/w.pem" -out "$scratch/leaf.pem"
openssl pkcs12 -export -inkey "$scratch/plain.key" -in "$scratch/leaf.pem" \
    -passout "file:$scratch/pass" -out "$scratch/alone.p12"
run 0 source identity import --p12 "$scratch/alone.p12" --passphrase-file "$scratch/pass"
check '  a PKCS#12 without its chain is warned of' grep -q 'PGA4027' "$err"
run 0 source chain upload "$scratch/w.pem"
check_not '  and no longer when the remedy was followed' grep -q 'PGA4027' "$err"
run 0 source certificate upload "$scratch/leaf.pem"
check '  an upload of the leaf alone is warned of too' grep -q 'PGA4027' "$err"
run 0 source chain upload "$scratch/w.pem"
run 0 source identity self-sign --replace-chain
check '  so is one that signed itself' grep -q 'PGA4027' "$err"
run 0 source identity self-sign --json
check '  in JSON as a part of the answer' jq -e '.warnings | map(.id) == ["PGA4027"]' "$out"
check '  and there alone' test ! -s "$err"
run 0 source chain undo
check '  and going back to one' grep -q 'PGA4027' "$err"
run 0 source chain undo
check_not '  but not going back to the chain' grep -q 'PGA4027' "$err"

# ---- what undo says of anchors ----
run 0 source chain undo
check 'the anchor is gone with the chain' grep -q 'went with it' "$out"
run 0 source chain upload "$scratch/w.pem"
run 0 source trust import "$scratch/ca/office-root/cert.pem"
run 0 source chain undo
check_not '  unless it was imported as well' grep -q 'went with it' "$out"

# ---- an alternative name that the CA has dropped is told where the answer is taken ----
request source --san DNS:second.example.com
leaf_sign office "$scratch/source.csr" "$scratch/less.pem" san=DNS:source.example.com
run 0 source chain upload "$scratch/less.pem"
check '  the name is told' grep -q 'DNS:second.example.com' "$out"
run 0 source audit show --kind upload --limit 1
leaf_sign office "$scratch/source.csr" "$scratch/all.pem"
run 0 source chain upload "$scratch/all.pem"
check_not '  and nothing of one with all of them' grep -q PGC2062 "$out"

# ---- the keys do not leave ----
mkdir "$scratch/outer"
mv "$scratch/source" "$scratch/outer/source"
ln -s outer/source "$scratch/source"
tells 1 PGA2900 "$scratch/outer and $scratch/outer/source" \
    migrate 127.0.0.1:1 "$scratch/outer" --wait
tells 1 PGA2900 'Move a directory without it' \
    migrate 127.0.0.1:1 "$scratch/outer/source/identity" --wait
tells 64 PGA2014 '--password-file F' admin add somebody

# ---- of several files the damaged one is named ----
openssl x509 -in "$scratch/all.pem" -out "$scratch/leaf.pem"
sed 's/A/!/3' "$scratch/leaf.pem" >"$scratch/hurt.pem"
tells 1 PGC1 "$scratch/hurt.pem: " chain check "$scratch/all.pem" "$scratch/hurt.pem"

# ---- a bare host name is taken, and told ----
tells 0 PGA2901 'request new --cn' --state "$scratch/bare" init --name vm
run 0 source --state "$scratch/full" init --name vm.example.com
check_not '  a full one without a word' test -s "$err"

# ---- a command that is none is a failure like any other ----
tells 64 PGA1001 'is `pairgate status` meant?' stats
run 64 source stats --json
check '  and told as JSON when that is wanted' jq -e '.error.id == "PGA1001"' "$out"
tells 1 PGP1030 "$scratch/leaf.pem: " receipt verify \
    --trust "$scratch/ca/office-root/cert.pem" "$scratch/leaf.pem"
