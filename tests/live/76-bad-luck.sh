#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# What else goes wrong on the day: a name that is taken, files that vanish or may not be read, too
# few descriptors.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member target office
listen target
tree "$scratch/estate" 12

# under_way NAME [OPTION...]: a third of it is sent, there it stands.
under_way()
{
    : >"$scratch/source.lines"
    code target
    migrate_start source target "$scratch/estate" --streams 1 --limit 2M --name "$@"
    halt_at source 4000000 || die 'a third is sent'
}

mkdir "$scratch/target.into/taken"
code target
run 1 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" \
    --name taken --json
check 'a name that is taken is told' grep -q PGT1025 "$out"

under_way vanishing
rm -r "$scratch/estate/small/b"
go_on
ends 0 "$migrating" 60 'files that vanish are no trouble: the second pass has what is there'
same_tree vanishing "$scratch/estate" "$scratch/target.into/vanishing"

mkdir "$scratch/secret"
echo x >"$scratch/secret/file"
chmod 0 "$scratch/secret/file"
chmod 711 "$scratch"
cp "$PAIRGATE" "$scratch/program"
if ((EUID == 0)) && setpriv --reuid=65534 --clear-groups "$scratch/program" --version >/dev/null 2>&1; then
    cp -a "$scratch/source" "$scratch/nobody"
    chown -R 65534 "$scratch/nobody" "$scratch/secret"
    chown 0 "$scratch/secret/file"
    got=0
    PAIRGATE_STATE=$scratch/nobody setpriv --reuid=65534 --clear-groups "$scratch/program" migrate \
        "$(at target)" "$scratch/secret" --wait >"$out" 2>"$err" </dev/null || got=$?
    equal 'what may not be read ends it' 2 "$got"
    check 'by name, with what to do' grep -q 'file: Permission denied' "$err"
    check_not 'before the target has heard of it' test -e "$scratch/target.into/secret"
fi

got=0
code target
(ulimit -n 12 && pg source migrate "$(at target)" "$scratch/estate" --code-file \
    "$scratch/target.code" --name few --json) >"$out" 2>"$err" </dev/null || got=$?
equal 'too few descriptors end it' 2 "$got"
check 'with the cause' grep -q 'Too many open files' "$out" "$err"
run 0 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" \
    --name few --json
same_tree few "$scratch/estate" "$scratch/target.into/few"
listen_end target
