#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Invitation codes: wrong, used, expired, missing, and what a file may hold.
. "$(dirname "$0")/lib.sh"

ladder office
member source office
member other office
member target office
listen target
tree "$scratch/estate" 1

# asked STATUS SOURCE FILE SENTENCE
asked()
{
    run "$1" "$2" migrate "$(at target)" "$scratch/estate" --code-file "$3" --json
}

run 0 target invite --json --for source.example.com
check 'invite tells code and expiry' jq -e '.code and .expires' "$out"
run 0 target invite --expires 1h
equal 'the code is alone on its line' 1 "$(wc -l <"$out")"
check 'in readable groups' grep -qE '^[0-9A-Za-z]+(-[0-9A-Za-z]+)+$' "$out"
code target
cp "$scratch/target.code" "$scratch/true"
check_not 'the state does not hold the code' grep -rqF "$(cat "$scratch/true")" "$scratch/target"

# Another code of the same form, and one with another last letter.
tr '1-8A-GPQ' '2-9B-HQR' <"$scratch/true" >"$scratch/wrong"
asked 1 source "$scratch/wrong"
sed 's/.$/0/' "$scratch/true" >"$scratch/typo"
if cmp -s "$scratch/typo" "$scratch/true"; then sed 's/.$/1/' "$scratch/true" >"$scratch/typo"; fi
asked 1 source "$scratch/typo"
nothing_moved target source

: >"$scratch/empty"
echo 'no code at all, only a sentence' >"$scratch/sentence"
head -c 100000 /dev/zero >"$scratch/large"
run 2 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/not-there"
for file in empty sentence large; do
    status=0
    pg source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/$file" \
        >"$out" 2>"$err" </dev/null || status=$?
    check "a file that is $file is refused" test "$status" = 1 -o "$status" = 2 -o "$status" = 64
    check "and told with an id ($file)" grep -q 'PG[A-Z][0-9]' "$out" "$err"
done
run 64 source migrate "$(at target)" "$scratch/estate" --json
nothing_moved target source

asked 0 source "$scratch/true"
same_tree 'the right code opens' "$scratch/estate" "$scratch/target.into/estate"
run 1 other migrate "$(at target)" "$scratch/estate" --code-file "$scratch/true" --name second --json
check 'a used code of another identity: invitation-used' grep -q 'invitation-used\|used' "$out"
check_not 'nothing was published for it' test -e "$scratch/target.into/second"

run 1 source migrate "$(at target)" "$scratch/estate" --code-file "$scratch/true" --name second --json
check 'of the same identity, for another tree: told' grep -q PGP1310 "$out"
check_not 'nothing was published for that either' test -e "$scratch/target.into/second"

code target --expires 1s
past() { [[ $(date +%s) -ge $over ]]; }
over=$(($(date +%s) + 3))
wait_for 10 past
run 1 other migrate "$(at target)" "$scratch/estate" --code-file "$scratch/target.code" --name third
check_not 'an expired code opens nothing' test -e "$scratch/target.into/third"

# With spaces, small letters and a line's end of another system it is the same code.
code target
tr '[:upper:]' '[:lower:]' <"$scratch/target.code" | sed 's/$/\r/' >"$scratch/sloppy"
run 0 other migrate "$(at target)" "$scratch/estate" --code-file "$scratch/sloppy" --name fourth
run 0 target invitations
run 0 target invitations --json
listen_end target
