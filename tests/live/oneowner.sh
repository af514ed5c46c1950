# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # what lib.sh sets
#
# After lib.sh: a migration of $scratch/estate from `source` to `target` that something happens to,
# and who owns the data then.

migrate_words=() # options of every migration

row() { pg "$1" status --json 2>/dev/null | jq -c --arg name "$2" 'select(.name == $name)'; }

# once_owned NAME: never two owners. What is not known to a side is not its own.
once_owned()
{
    local source target
    source=$(row source "$1" | jq -r .owner)
    target=$(row target "$1" | jq -r .owner)
    [[ $source != source || $target != target ]]
}

migrate()
{
    pg source migrate "$(at target)" "$scratch/estate" --name "$1" --streams 1 \
        --code-file "$scratch/target.code" "${migrate_words[@]}" >"$out" 2>"$err" </dev/null
}

# go_on NAME: as its administrator would.
go_on()
{
    local id
    id=$(row source "$1" | jq -r .id)
    if [[ $id ]]; then
        pg source resume "$id" >"$out" 2>"$err" </dev/null
    else
        migrate "$1"
    fi
}

# on_record SIDE ID: the states that its moves came to, as its record has them.
on_record()
{
    pg "$1" audit show --json --kind migration --limit 100 |
        jq -r --arg id "$2" 'select(.subject == $id) | .details.to // empty' | uniq | xargs
}

# one_owner SENTENCE NAME: at the end, the target, with every byte, both signatures and each move
# on record.
one_owner()
{
    local states id
    id=$(row source "$2" | jq -r .id)
    if [[ "$(on_record source "$id") $(on_record target "$id")" != \
        *'frozen commit-asked handed-over '*'sealed committing committed' ]]; then
        not_ok "$1: each move is on record: $(on_record source "$id") $(on_record target "$id")"
        return 1
    fi
    states="$(row source "$2" | jq -r '"\(.state) \(.owner) \(.epoch)"')"
    states+=" $(row target "$2" | jq -r '"\(.state) \(.owner) \(.epoch)"')"
    if [[ $states != 'handed-over target 2 committed target 2' ]] ||
        ! diff -r --no-dereference "$scratch/estate" "$scratch/target.into/$2" ||
        [[ $(pg target receipt show --json "$(row target "$2" | jq -r .id)" |
            jq 'has("countersignature")') != true ]]; then
        not_ok "$1: one owner, no byte lost: $states" "$out" "$err" "$scratch/target.events.err"
        return 1
    fi
}
