#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Trees at the edges of what a file system holds: it arrives exactly, or is named in a finding.
if [[ ! ${OWN_MOUNTS:-} ]] && unshare -m true 2>/dev/null; then
    OWN_MOUNTS=1 exec unshare -m --propagation private bash "$0"
fi
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target

# arrives NAME [SOURCE]: and rsync, asked for everything there is, finds no difference.
arrives()
{
    local name=$1 from=${2:-$scratch/$1}
    code target
    run 0 source migrate "$(at target)" "$from" --code-file "$scratch/target.code" --json \
        --name "$name"
    equal "$name: rsync finds nothing" '' \
        "$(rsync -aHAXSn --checksum --itemize-changes --delete "$from/" "$scratch/target.into/$name/" 2>&1)"
    equal "$name: times to the nanosecond" '' \
        "$(diff <(facts "$from") <(facts "$scratch/target.into/$name"))"
}

# refused_by ID DIR: with a finding, before the target hears of it.
refused_by()
{
    code target
    run 2 source migrate "$(at target)" "$2" --code-file "$scratch/target.code"
    check "${2##*/}: $1 is told" grep -q "$1" "$err"
    check_not "${2##*/}: nothing is published" test -e "$scratch/target.into/${2##*/}"
}

names=$scratch/names
mkdir "$names"
python3 - "$names" <<'END'
import os, sys
root = os.fsencode(sys.argv[1])
for byte in range(1, 256):
    if byte != ord('/'):
        with open(root + b'/byte-' + bytes([byte]) + b'-', 'wb') as f:
            f.write(bytes([byte]))
open(root + b'/' + b'n' * 255, 'w').close()
open(root + b'/' + b'\xff' * 255, 'w').close()
deep = root
while len(deep) - len(root) + 252 < 4094:
    deep += b'/' + b'd' * 250
    os.chdir(root if deep.count(b'/') == root.count(b'/') + 1 else b'.')
    os.mkdir(b'd' * 250)
    os.chdir(b'd' * 250)
open(b'bottom', 'w').close()
END
code target
run 0 source migrate "$(at target)" "$names" --code-file "$scratch/target.code" --json
equal 'any byte, and paths up to the limit: tar sees the same' \
    "$(tar -C "$names" --sort=name -cf - . | sha256sum)" \
    "$(tar -C "$scratch/target.into/names" --sort=name -cf - . | sha256sum)"

long=$scratch/long
mkdir "$long"
python3 - "$long" <<'END'
import os, sys
os.chdir(sys.argv[1])
for i in range(20):
    os.mkdir('x' * 250)
    os.chdir('x' * 250)
END
refused_by PGT1004 "$long"
find "$long" -mindepth 1 -delete 2>/dev/null || rm -rf "$long"

modes=$scratch/modes
mkdir -p "$modes"/{closed,sticky,setgid,far/away} && cd "$modes"
touch setuid both nobody
chmod 4755 setuid && chmod 6711 both && chmod 0 nobody
chmod 1777 sticky && chmod 2755 setgid
touch -d '1969-12-31T23:59:58.999999999Z' setuid
touch -d '2106-02-07T06:28:17.000000001Z' both
touch -d '1901-12-13T20:45:52Z' nobody
echo linked >far/away/one
ln far/away/one sticky/two
ln far/away/one three
ln -s "$(printf '%4000s' x)" long-link
chown 12345:54321 far/away
setfattr -n user.many -v "$(head -c 30000 /dev/zero | tr '\0' v)" far 2>/dev/null || true
setfacl -m u:12345:rwx,d:g:54321:r-x far 2>/dev/null || true
chmod 0 closed
touch -d '1999-01-01T00:00:00.5Z' closed
cd "$scratch"
arrives modes

big=$scratch/big
mkdir "$big"
python3 - "$big" <<'END'
import os, sys
os.chdir(sys.argv[1])
with open('hole', 'wb') as f:
    f.truncate(1 << 40)
    f.seek(1 << 39)
    f.write(b'in the middle')
with open('comb', 'wb') as f:
    for i in range(20000):
        f.seek(i * 8192)
        f.write(b'%d' % i)
END
blocks() { du -sk "$1" | cut -f1; }
code target
run 0 source migrate "$(at target)" "$big" --code-file "$scratch/target.code" --json
equal 'a hole of a tebibyte: as long' "$((1 << 40))" "$(stat -c %s "$scratch/target.into/big/hole")"
check 'and as small' test "$(stat -c %b "$scratch/target.into/big/hole")" -lt 64
equal 'and what is in it' 'in the middle' \
    "$(dd if="$scratch/target.into/big/hole" bs=1 skip=$((1 << 39)) count=13 status=none)"
check '20000 holes' cmp "$big/comb" "$scratch/target.into/big/comb"

special=$scratch/special
mkdir "$special"
mkfifo "$special/"$'fifo\e[31m\nred'
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$special/socket"
mknod "$special/device" c 1 3 2>/dev/null || true
: >"$special/"$'file\e[31m\nred'
code target
run 0 source migrate "$(at target)" "$special" --code-file "$scratch/target.code" --json
not_moved() { jq -eRs "[splits(\"\\n\") | fromjson? | select(.event == \"left-behind\")][0] | $1" "$out"; }
check 'what is not moved is listed by name' not_moved '
    [.findings[] | select(.id == "PGT1003" and .severity == "warning") | .detail] as $told |
    any($told[]; . == "socket is a socket") and any($told[]; contains("\\u{1b}") and contains("\\u{a}"))'
equal 'and is not there' "$(printf 'file\e[31m\nred')" "$(ls "$scratch/target.into/special")"
migration=$(pg target status --json | jq -r 'select(.name == "special") | .id')
counted='.sockets == 1 and .pipes == 1 and .skipped == 0 and .devices <= 1'
for side in source target; do
    run 0 "$side" receipt export --out "$scratch/$side.receipt" "$migration"
    check "$side: the receipt counts it" jq -e ".shown.left_behind | $counted" "$scratch/$side.receipt"
    run 0 "$side" receipt verify --trust "$scratch/ca/office-root/cert.pem" --json "$scratch/$side.receipt"
    check "$side: who verifies it is told" jq -e ".left_behind | $counted" "$out"
    run 0 "$side" receipt verify --trust "$scratch/ca/office-root/cert.pem" "$scratch/$side.receipt"
    check 'in words as well' grep -q 'not moved: 1 sockets, 1 pipes' "$out"
    run 0 "$side" receipt show "$migration"
    check 'also when it is shown' grep -q 'not moved: 1 sockets, 1 pipes' "$out"
    jq '.shown.left_behind.pipes = 0' "$scratch/$side.receipt" >"$scratch/flipped"
    run 1 "$side" receipt verify --trust "$scratch/ca/office-root/cert.pem" "$scratch/flipped"
    check 'what differs in it is named' grep -q left_behind "$out" "$err"
done
code target
run 0 source migrate "$(at target)" "$special" --code-file "$scratch/target.code" --name words
check 'in words as well, without a control character' grep -q 'PGT1003.*is a pipe' "$out"
check_not 'of which none gets through' grep -q $'\e' "$out"

linked=$scratch/linked
ln -s "$special" "$linked"
code target
run 0 source migrate "$(at target)" "$linked" --code-file "$scratch/target.code" --json --name through
equal 'a root that is a link is followed' x "$(find "$scratch/target.into/through" -type f -printf x)"

if [[ ${OWN_MOUNTS:-} ]]; then
    mkdir -p "$scratch/mounted/below"
    mount -t tmpfs none "$scratch/mounted/below"
    mounts+=("$scratch/mounted/below")
    echo there >"$scratch/mounted/below/file"
    arrives mounted
fi
listen_end target
