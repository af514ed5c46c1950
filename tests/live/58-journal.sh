#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# With a /dev/log every record goes to syslog as well, with the hash that the record has.
if [[ ! ${OWN_MOUNTS:-} ]] && unshare -m true 2>/dev/null; then
    OWN_MOUNTS=1 exec unshare -m --propagation private bash "$0"
fi
. "$(dirname "$0")/lib.sh"
if [[ ! ${OWN_MOUNTS:-} ]]; then skip 'mounts of its own are not allowed here'; fi
command -v python3 >/dev/null || skip 'python3 is not there'

# A /dev that nobody else sees, with a log.
mkdir "$scratch/dev"
mount -t tmpfs dev "$scratch/dev"
for device in null zero full random urandom tty; do
    touch "$scratch/dev/$device"
    mount --bind "/dev/$device" "$scratch/dev/$device"
done
ln -s /proc/self/fd "$scratch/dev/fd"
mkdir "$scratch/dev/shm"
mount --move "$scratch/dev" /dev
cat >"$scratch/log.py" <<'EOF2'
import socket, sys
listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listening.bind("/dev/log")
with open(sys.argv[1], "ab", buffering=0) as out:
    while True:
        out.write(listening.recv(65536).replace(b"\n", b"\\n") + b"\n")
EOF2
setsid python3 "$scratch/log.py" "$scratch/log" </dev/null >/dev/null 2>"$scratch/log.err" &
own "$!"
wait_for 10 test -S /dev/log || die "a log: $(cat "$scratch/log.err")"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 0
code target
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code"
listen_end target

# Each record, with its hash.
for name in source target; do
    run 0 "$name" audit show --json
    while read -r seq kind event hash; do
        check "$name: $seq $kind $event is in the log" \
            grep -qE "pairgate\[[0-9]+\]: audit $seq $kind $event .*sha256=$hash " "$scratch/log"
    done < <(jq -r '"\(.seq) \(.kind) \(.event) \(.hash)"' "$out")
done
check_not 'no secret is' grep -qF "$(sed 's/^[^-]*-//' "$scratch/target.code")" "$scratch/log"
