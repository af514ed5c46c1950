#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/coming-from.md: every row of the requirements is there once, and every line of ours in
# it is run, in its order, with a state directory for each chapter. A CA of the site answers
# the requests on the way.
. "$(dirname "$0")/lib.sh"

page=$live_root/docs/coming-from.md
pending=0
rows=0

# ---- the rows ----
ids=$(sed -n 's/^| \([OVCUM]-[0-9]*\) |.*/\1/p' "$page" | sort)
want=$(for row in O:32 V:25 C:13 U:22 M:42; do
    for ((i = 1; i <= ${row#*:}; i++)); do printf '%s-%02d\n' "${row%%:*}" "$i"; done
done | sort)
equal 'every row is there once' "$want" "$ids"

# ---- what the site has ----
bin=$scratch/bin
work=$scratch/work
mkdir "$bin" "$work"
ln -s "$PAIRGATE" "$bin/pairgate"
ladder office
ladder other CA-Racine Inter-CA2
cp "$scratch/ca/office-root/cert.pem" "$work/office-root.pem"
cp "$scratch/ca/office/chain.pem" "$work/office-chain.pem"
for each in 'shared-ca:Shared CA' 'internal-ca:Internal CA' 'twin-one:Twin CA' 'twin-two:Twin CA' \
    'site-ca:Site CA'; do
    ca_new "${each%%:*}" "${each#*:}"
    cp "$scratch/ca/${each%%:*}/cert.pem" "$work/${each%%:*}.pem"
    (umask 077 && cp "$scratch/ca/${each%%:*}/key.pem" "$work/${each%%:*}.key")
done
tree "$work/data" 0
printf 'a passphrase that is long enough\n' >"$work/passphrase"
chmod 600 "$work/passphrase"
printf '%s\n' 'Country = US' 'Name = node' 'Organization = Example' 'Hostname = node.example.com' \
    'IPAddress = 127.0.0.1' >"$work/certool.cfg"
sed 's/US/USA/' "$work/certool.cfg" >"$work/wrong.cfg"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$scratch/self.key" \
    -subj /CN=lone.example.com -days 30 -out "$work/self-signed.pem" 2>/dev/null
openssl req -new -key "$scratch/self.key" -subj /CN=one.example.com \
    -addext subjectAltName=DNS:one.example.com,DNS:two.example.com -out "$work/two-machines.csr"

# of_key FILE KEY SUBJECT CA [leaf_sign's OPTIONS]: a chain for a key that somebody has.
of_key()
{
    local file=$1 key=$2 subject=$3 ca=$4
    shift 4
    openssl req -new -key "$key" -subj "$subject" -addext "subjectAltName=DNS:${subject##*=}" \
        -out "$scratch/of.csr"
    leaf_sign "$ca" "$scratch/of.csr" "$work/$file.pem" "$@"
    mv "$work/$file.pem.leaf" "$work/$file.leaf.pem"
}
openssl ecparam -name prime256v1 -genkey -noout -out "$work/um-own.key"
chmod 600 "$work/um-own.key"
of_key target-to-be "$scratch/self.key" /CN=target.example.com office
of_key other-ladder "$scratch/self.key" /CN=target.example.com other
of_key partner "$scratch/self.key" /CN=balancer.example.com office
cp "$work/partner.leaf.pem" "$work/partner.pem"
of_key um-own "$work/um-own.key" /CN=node.example.com office
of_key um-internal "$scratch/self.key" /CN=um.example.com internal-ca
openssl req -new -key "$scratch/self.key" -subj '/CN=*.example.com' -out "$scratch/wild.csr"
leaf_sign office "$scratch/wild.csr" "$work/wildcard.pem" san=none
of_key no-encipherment "$scratch/self.key" /CN=node.example.com office
openssl x509 -in "$work/shared-ca.pem" -outform DER -out "$scratch/time.der"
python3 - "$scratch/time.der" <<'END'
import sys
b = bytearray(open(sys.argv[1], "rb").read())
b[b.index(b"\x17\x0d") + 14] = ord("z")
open(sys.argv[1], "wb").write(b)
END
openssl x509 -inform DER -in "$scratch/time.der" -out "$work/bad-time.pem"
printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$scratch/index" "crlnumber=$scratch/number" \
    'default_md=sha256' 'default_crl_days=9' 'crl_extensions=x' '[x]' \
    'authorityKeyIdentifier=keyid' >"$scratch/cnf"
: >"$scratch/index"
echo 05 >"$scratch/number"
openssl ca -gencrl -config "$scratch/cnf" -cert "$scratch/ca/office-root/cert.pem" \
    -keyfile "$scratch/ca/office-root/key.pem" -out "$work/office.crl" 2>/dev/null

# answered NAME: the CA's answer to NAME.csr, as NAME.pem, NAME.leaf.pem and NAME.der.
answered()
{
    local name=$1
    leaf_sign office "$work/$name.csr" "$work/$name.pem"
    mv "$work/$name.pem.leaf" "$work/$name.leaf.pem"
    openssl x509 -in "$work/$name.pem" -outform DER -out "$work/$name.der"
    if [[ $name == node ]]; then
        leaf_sign office "$work/node.csr" "$work/server-only.pem" eku=serverAuth
        mv "$work/server-only.pem.leaf" "$work/server-only.leaf.pem"
    fi
}

# Requests that no line has had answered yet.
answer_all()
{
    local csr name
    for csr in "$work"/*.csr; do
        name=$(basename "$csr" .csr)
        if [[ ! -e $work/$name.pem && $name != two-machines ]] &&
            openssl req -in "$csr" -noout 2>/dev/null; then
            answered "$name"
        fi
    done
}

# ---- the lines ----

# line STATUS TEXT: one line of the page, in the working directory.
line()
{
    local want=$1 text=$2 got=0
    if [[ $text == *' listen '* ]]; then
        listen target
        ok "$text"
        return
    fi
    answer_all
    text=${text//192.0.2.20/127.0.0.1:${listener_port[target]:-1}}
    if [[ $text == *REQUEST* ]]; then
        text=${text//REQUEST/$(pairgate_in request list --json | jq -r '.requests[0].id')}
    fi
    if [[ $text == *SERIAL* ]]; then
        text=${text//SERIAL/$(pairgate_in ca list --json | jq -r '.issued[0].serial')}
    fi
    text=${text//--state target/--state $chapter_target}
    (cd "$work" && PATH=$bin:$PATH PAIRGATE_STATE=$chapter timeout -k 5 60 bash -c "umask 077; $text") \
        >"$out" 2>"$err" </dev/null || got=$?
    if grep -q 'there is no command' "$err"; then
        pending=$((pending + 1))
        printf 'pending: %s\n' "$text"
    elif [[ $got == "$want" ]]; then
        ok "$text ends with $want"
    else
        not_ok "$text ends with $want, not $got" "$out" "$err"
    fi
}

pairgate_in() { PAIRGATE_STATE=$chapter "$PAIRGATE" "$@"; }

# begin NAME: a chapter has a state of its own, and those that need it a target with a chain.
begin()
{
    chapter=$scratch/$1
    chapter_target=$scratch/target
    rm -f "$work"/*.csr.pem "$work"/node.csr "$work"/node.pem "$work"/node.leaf.pem "$work"/node.key
    case $1 in
    vecs)
        # The appliance has a chain of the site's CA, or nobody would adopt its list.
        member vecs office
        rm -rf "$scratch/kept" && cp -r "$scratch/vecs" "$scratch/kept"
        ;;
    ucm)
        member ucm office
        ;;
    esac
}

while IFS= read -r text; do
    case $text in
    '## OpenManage'*) begin ome ;;
    '## VECS'*) begin vecs ;;
    '## VMCA'*) begin vmca ;;
    '## vCloud'*) begin um ;;
    '## Unified'*) begin ucm ;;
    '## Where'*) break ;;
    esac
    if [[ $text == '| '[OVCUM]-* ]]; then
        rows=$((rows + 1))
        check "${text:2:4}: a line of ours, or out of scope" \
            grep -qE '`pairgate [^`]*`|out of scope' <<<"$text"
    fi
    while IFS=$'\t' read -r status command; do
        if [[ $chapter =~ /(vecs|ucm)$ && $command == 'pairgate init '* ]]; then continue; fi
        line "$status" "$command"
    done < <(grep -oP '`pairgate [^`]*`( \([0-9]+\))?' <<<"$text" |
        sed -E 's/^`(.*)` \(([0-9]+)\)$/\2\t\1/;t;s/^`(.*)`$/0\t\1/')
done <"$page"

listen_end target
printf 'rows: %d; lines whose command is not there yet: %d\n' "$rows" "$pending"
