#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The other example: a PostgreSQL server whose data directory moves while rows are written to
# it. Every row that the server acknowledged is at the target; the source takes no more. When
# the target refuses the data, the source takes rows again and none is lost.
#
# long
. "$(dirname "$0")/lib.sh"

bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
if [[ $EUID != 0 || ! -x ${bin:-/nowhere}/postgres ]] || ! id postgres >/dev/null 2>&1; then
    skip 'it needs root, the user postgres and a PostgreSQL server'
fi

ladder office
member source office
member target office
chmod 711 "$scratch"
for side in source target; do
    mkdir -m 700 "$scratch/$side/hooks"
    cp "$live_root/examples/postgresql/appliance" "$scratch/$side/hooks/"
    for hook in preflight freeze thaw retire import activate; do
        ln -s appliance "$scratch/$side/hooks/$side-$hook"
    done
    install -d -o postgres -g postgres "$scratch/$side.sockets"
    echo "sockets=$scratch/$side.sockets" >"$scratch/$side/hooks/settings"
done
data=$scratch/estate
arrived=$scratch/target.into/estate

postgres() { (cd / && runuser -u postgres -- "$bin/$1" "${@:2}"); }
sql() { (cd / && PGHOST=$scratch/$1.sockets runuser -u postgres -- psql -XqAt -d postgres -c "$2"); }
rows() { sql "$1" 'SELECT count(*) FROM note'; }
acked() { wc -l <"$scratch/acked"; }
more_acked() { [[ $(acked) -gt $1 ]]; }
end_servers()
{
    local dir
    for dir in "$data" "$arrived"; do
        if [[ -e $dir/postmaster.pid ]]; then
            kill -QUIT "$(head -n 1 "$dir/postmaster.pid")" 2>/dev/null || true
        fi
    done
}
trap 'end_servers; cleanup' EXIT

# Writes transactions of 100 rows and notes each row that the server has acknowledged, until the
# server goes away.
batch=100
writer()
{
    local from
    from=$(acked)
    (cd / && seq $((from + 1)) $batch 10000000 |
        sed "s/.*/INSERT INTO note SELECT n, 'row ' || n FROM generate_series(&, & + $((batch - 1))) n RETURNING id;/" |
        PGHOST=$scratch/source.sockets runuser -u postgres -- \
            psql -XqAt -v ON_ERROR_STOP=1 -d postgres >>"$scratch/acked" 2>/dev/null) &
    writing=$!
}
# No row that was acknowledged is missing; at most the transaction under way is more.
has_every_row()
{
    local missing
    sql "$1" 'SELECT id FROM note ORDER BY id' >"$scratch/rows"
    missing=$(comm -23 <(sort "$scratch/acked") <(sort "$scratch/rows") | wc -l)
    echo "acknowledged $(acked), there $(wc -l <"$scratch/rows"), missing $missing"
    ((missing == 0 && $(wc -l <"$scratch/rows") - $(acked) <= batch))
}

# ---- the appliance ----
install -d -o postgres -g postgres -m 700 "$data"
postgres initdb -D "$data" --no-sync --data-checksums -A trust -N >"$out" 2>"$err" ||
    die 'initdb'
postgres pg_ctl -D "$data" start -w -s -l "$data/server.log" \
    -o "-k '$scratch/source.sockets' -c listen_addresses=''" || die 'the server starts'
sql source "CREATE TABLE note (id bigint PRIMARY KEY, text text NOT NULL);
    INSERT INTO note SELECT n, 'row ' || n FROM generate_series(1, 30000) n"
seq 30000 >"$scratch/acked"
chmod 666 "$scratch/acked"
mkdir -m 755 "$scratch/target.into"
listen target

# ---- the target serves another version ----
writer
echo major=14 >>"$scratch/target/hooks/settings"
code target
run 2 source migrate "$(at target)" "$data" --code-file "$scratch/target.code"
check 'the source hears that the import failed' grep -q PGA1607 "$err"
check 'and why' grep -q 'is of PostgreSQL .*, 14 is served here' "$err"
check_not 'nothing is at the target' test -e "$arrived"
wait "$writing" || true
check 'no acknowledged row is lost' has_every_row source
sql source 'DELETE FROM note WHERE id > '"$(tail -n 1 "$scratch/acked")"
check 'the source takes rows again' sql source "INSERT INTO note VALUES (0, 'thawed')"
sql source 'DELETE FROM note WHERE id = 0'
sed -i /major/d "$scratch/target/hooks/settings"

# ---- it moves while it is written to ----
writer
wait_for 20 more_acked $(($(acked) + 1000)) || die 'rows are written'
code target
begun=$(acked)
# Not before twenty thousand rows more is it frozen, however slow this machine is.
rm "$scratch/source/hooks/source-freeze"
cat >"$scratch/source/hooks/source-freeze" <<END
#!/bin/sh
while [ "\$(wc -l <$scratch/acked)" -lt $((begun + 20000)) ]; do sleep 0.1; done
exec "\$PAIRGATE_STATE/hooks/appliance"
END
chmod 700 "$scratch/source/hooks/source-freeze"
migrate_start source target "$data" --limit 24M
wait_for 30 sent_at_least source 1000000 || die 'bytes travel'
first=$(acked)
check 'rows are written while the first pass travels' wait_for 10 more_acked $((first + 1000))
ends 0 "$migrating" 120 'the database moves'
wait "$writing" || true
check 'what changed since was sent as a second generation' jq -es \
    'any(.[]; .event == "generation" and .generation == 2 and .bytes > 0)' "$scratch/source.lines"
server_is_up() { sql target 'SELECT 1'; }
check 'the server of the target is up' wait_for 30 server_is_up
check 'every acknowledged row is there' has_every_row target
check 'the rows of the first pass too' test "$(rows target)" -gt $((first + 1000))
check_not 'the source takes no row any more' sql source "INSERT INTO note VALUES (-1, 'late')"
check_not 'nor can its server be started' postgres pg_ctl -D "$data" start -w -s -l /dev/null \
    -o "-k '$scratch/source.sockets' -c listen_addresses=''"
check 'the target takes rows' sql target "INSERT INTO note VALUES (-1, 'new')"
check 'its data is whole' sql target 'SELECT count(*), sum(length(text)) FROM note'
check 'tens of thousands of them were written while it moved' \
    test "$(($(acked) - begun))" -ge 20000
printf 'note: %s rows, %s of them while it moved\n' "$(rows target)" "$(($(acked) - begun))"
postgres pg_ctl -D "$arrived" stop -w -s -m fast
check 'every page is as its checksum says' "$bin/pg_checksums" --check -D "$arrived"
listen_end target
