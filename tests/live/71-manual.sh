#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages: mandoc has nothing to say, every command and option of `pairgate help` is
# in pairgate(1) and no other, and the examples marked with `.\" run AGENT` work in their order.
. "$(dirname "$0")/lib.sh"

man=$live_root/docs/man
page=$man/pairgate.1

# ---- form ----

if command -v mandoc >/dev/null && command -v makewhatis >/dev/null; then
    for file in "$man"/*.[1-8]; do
        mkdir -p "$scratch/man/man${file##*.}"
        cp "$file" "$scratch/man/man${file##*.}/"
    done
    makewhatis "$scratch/man" >"$out" 2>&1 || true
    for file in "$man"/*.[1-8]; do
        MANPATH=$scratch/man mandoc -T lint -W style "$file" >"$out" 2>/dev/null || true
        check "mandoc has nothing to say about ${file##*/}" test ! -s "$out"
    done
else
    echo 'mandoc is not installed: the form of the pages is not checked'
fi

# ---- commands and options ----

run 0 nobody help
sed -n 's/^  pairgate //p' "$out" >"$scratch/rows"
sed -E 's/^([a-z-]+( [a-z][a-z-]+)?)( .*)?$/\1/' "$scratch/rows" | sort >"$scratch/helped"
sed -nE 's/^\.It Ic "([^"]*)".*/\1/p' "$page" | sort >"$scratch/written"
equal 'the commands of pairgate help are those of pairgate(1)' '' \
    "$(diff "$scratch/helped" "$scratch/written")"

# helped COMMAND, written COMMAND: the options of the row of help, of the item of the page.
helped() { grep -E "^$1( |$)" "$scratch/rows" | grep -oE -- '-(-[A-Za-z0-9-]+|y\b)' | sort -u; }
written()
{
    grep -F ".It Ic \"$1\"" "$page" | grep -oE 'Fl (\\-[A-Za-z0-9-]+|y\b)' |
        sed 's/^Fl \\-/--/; s/^Fl y/-y/' | sort -u
}
while read -r command; do
    equal "the options of $command" "$(helped "$command" || true)" \
        "$(written "$command" || true)"
done <"$scratch/helped"

# ---- examples ----

mkdir -p "$scratch/bin" "$scratch/work" "$scratch/old.srv"
tree "$scratch/old.srv/estate" 1
cat >"$scratch/bin/pairgate" <<SH
#!/usr/bin/env bash
# The appliance new.example.com of the examples listens on the loopback here.
words=()
for word; do
    if [[ \$word == new.example.com && (\$1 == pair || \$1 == migrate) ]]; then
        words+=("127.0.0.1:\$(cat '$scratch/port')" --peer-name new.example.com)
    else
        words+=("\$word")
    fi
done
exec '$PAIRGATE' "\${words[@]}"
SH
chmod +x "$scratch/bin/pairgate"

# examples FILE: an agent and one line of it each.
examples()
{
    awk '/^\.\\" run / { agent = $3; next }
        /^\.Bd/ && agent != "" { inside = 1; next }
        /^\.Ed/ { inside = 0; agent = "" }
        inside { print agent "\t" $0 }' "$1"
}

# example AGENT LINE: /srv is a directory of the agent, and the listener the one of lib.sh.
example()
{
    local agent=$1 line=$2
    if [[ $line == 'pairgate listen --into /srv &' ]]; then
        listen "$agent"
        echo "${listener_port[$agent]}" >"$scratch/port"
        return
    fi
    line=${line//\/srv/$scratch/$agent.srv}
    {
        cat "$scratch/$agent.set" # variables that lines before it have set
        echo "$line"
    } >"$scratch/$agent.script"
    if [[ $line == [a-z]*=* ]]; then echo "$line" >>"$scratch/$agent.set"; fi
    check "$agent: $2" env -C "$scratch/work" PAIRGATE_STATE="$scratch/$agent" \
        PATH="$scratch/bin:$PATH" timeout 60 bash -euo pipefail "$scratch/$agent.script"
}

touch "$scratch"/{old,new}.set
count=0
while IFS=$'\t' read -r agent line; do
    example "$agent" "$line"
    count=$((count + 1))
done < <(for file in "$page" "$man"/pairgate-*.[58]; do examples "$file"; done)
check 'there are examples' test "$count" -ge 20
same_tree 'the tree of the examples arrived' "$scratch/old.srv/estate" "$scratch/new.into/estate"
