#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The description of the API against the running agents: every route is called, every status
# that is named comes back, and every answer is what its schema says.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

python=/usr/bin/python3 # Debian's, which has Debian's modules
"$python" -c 'import jsonschema' 2>/dev/null || skip 'python3-jsonschema is not installed'

ladder office
member source office
member target office
(umask 077 && echo 'correct horse battery' >"$scratch/password")
must source admin add vera --password-file "$scratch/password"
must source admin add otto --role observer --password-file "$scratch/password"
manage source
listen target
tree "$scratch/estate" 5
for name in source target; do
    install -d -m 700 "$scratch/$name/hooks"
    install -m 700 /bin/true "$scratch/$name/hooks/services"
done
"$python" -B "$(dirname "$0")/openapi.py" "$scratch" "$(at target)" "${managed[source]}" >"$scratch/report" 2>&1 ||
    not_ok 'the agents keep to their description' "$scratch/report"
cat "$scratch/report"
curl -sS --unix-socket "$scratch/source/manage.sock" http://localhost/api/pairgate/v1/openapi.json >"$scratch/openapi.json"
"$live_root/scripts/man-routes" "$scratch/openapi.json" >"$scratch/routes"
sed -n '/^\.\\" routes, /,/^\.\\" end of the routes/p' "$live_root/docs/man/pairgate-api.7" >"$scratch/in.page"
check 'pairgate-api(7) has these routes' diff "$scratch/routes" "$scratch/in.page"
check 'all of it was looked at' grep -q '^routes: ' "$scratch/report"
listen_end source
listen_end target
