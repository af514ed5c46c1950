#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Stores of Java's keytool: a key whose chain a CA has answered, beside a trusted root; two keys in
# one store; forms that are not read, each with the way out.
. "$(dirname "$0")/lib.sh"
command -v keytool >/dev/null || skip 'keytool is not there'

(umask 077 && printf 'eight and more\n' >"$scratch/pass")
kt() { keytool "$@" -storepass:file "$scratch/pass" >/dev/null 2>&1; }
# takes STATUS STORE [SENTENCE TEXT]: import it; what was said has the text.
takes()
{
    run "$1" node identity import --p12 "$scratch/$2" --passphrase-file "$scratch/pass"
    if (($# > 2)); then check "$3: $4" grep -qF -- "$4" "$out" "$err"; fi
}

agent node
ladder office
kt -genkeypair -alias node -keyalg RSA -keysize 2048 -storetype PKCS12 -dname CN=node.example.com \
    -keystore "$scratch/store.p12"
kt -certreq -alias node -ext san=dns:node.example.com,ip:127.0.0.1 -file "$scratch/java.csr" \
    -keystore "$scratch/store.p12"
leaf_sign office "$scratch/java.csr" "$scratch/java.pem"
kt -importcert -noprompt -alias office-root -file "$scratch/ca/office-root/cert.pem" \
    -keystore "$scratch/store.p12"
kt -importcert -noprompt -alias node -file "$scratch/java.pem" -keystore "$scratch/store.p12"
takes 0 store.p12 'the root is in it twice' PGC1072
equal 'the chain is whole' 'node.example.com CA1-Inter CA-Racine' \
    "$(pg node chain show --json | jq -r '[.chain.ladder[].issued_to] | join(" ")')"
equal 'the key is that of the leaf' "$(openssl x509 -in "$scratch/java.pem.leaf" -noout -pubkey)" \
    "$(openssl pkey -in "$scratch/node/identity/current/key.pem" -pubout)"
listen node
member caller office
pairs caller node
listen_end node

kt -genkeypair -alias other -keyalg EC -groupname secp384r1 -dname CN=other.example.com \
    -keystore "$scratch/store.p12"
takes 1 store.p12 'two keys in one store' PGC1071
kt -J-Dkeystore.pkcs12.legacy -genkeypair -alias old -keyalg RSA -storetype PKCS12 \
    -dname CN=node.example.com -keystore "$scratch/rc2.p12"
takes 1 rc2.p12 'RC2' 'RC2 is not read'
kt -genkeypair -alias old -keyalg RSA -storetype JKS -dname CN=node.example.com \
    -keypass:file "$scratch/pass" -keystore "$scratch/old.jks"
takes 1 old.jks 'the form before PKCS#12' PGC2084
kt -importkeystore -srckeystore "$scratch/old.jks" -srcstorepass:file "$scratch/pass" \
    -deststoretype PKCS12 -destkeystore "$scratch/converted.p12"
takes 1 converted.p12 'converted, it is read, and judged' PGC
equal 'what was refused changed nothing' 2 "$(pg node identity show --json | jq .identity)"
