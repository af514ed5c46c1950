#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# The collection dellemc.openmanage of Debian's next release, which scripts/deps has unpacked: a whole chain is
# uploaded, a session is opened, used and closed, and a migration is followed as a job. All modules as they are.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"
. "$(dirname "$0")/ansible.sh"

prefix=$(sed -n 's/^set(PAIRGATE_DEPS_PREFIX "\(.*\)")$/\1/p' "$live_root/build/deps/current.cmake" 2>/dev/null || true)
export ANSIBLE_COLLECTIONS_PATH=${prefix%/*}/collections
[[ -d $ANSIBLE_COLLECTIONS_PATH/ansible_collections/dellemc ]] ||
    skip 'scripts/deps has no newer collection dellemc.openmanage'
export ANSIBLE_COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH=ignore
office_for_ansible
used='x_auth_token: "{{ opened.x_auth_token }}"'
request='command: generate_csr, distinguished_name: office.example.com, department_name: x,
    business_name: x, locality: x, country_state: x, country: FR, email: ops@example.com'

# ---- a session, and requests by its token ----
task opened ome_session "$basic" 'state: present'
task csr ome_application_certificate "$used" "$request,
    subject_alternative_names: \"office.example.com,127.0.0.1\""
task bare ome_application_certificate "$used" "$request"
task closed ome_session "$used" 'state: absent, session_id: "{{ opened.session_data.Id }}"'
task after ome_application_certificate "$used" "$request"
play
result opened 'a session is opened' '.changed and (.x_auth_token | length > 20) and .session_data.UserName == "vera"'
result bare 'its token is enough for a request' '.csr_status.CertificateData | startswith("-----BEGIN")'
field .csr_status.CertificateData >"$scratch/bare.csr"
equal 'without names there are none' 0 \
    "$(openssl req -in "$scratch/bare.csr" -noout -text | grep -c 'Alternative Name' || true)"
result closed 'it is closed' '.changed and (.failed | not)'
result after 'and its token is dead' '.failed and (.msg | contains("401"))'
result csr 'the first request has the names that were asked for' '.csr_status.CertificateData | length > 0'
field .csr_status.CertificateData >"$scratch/by-ansible.csr"
equal 'and no others' 'DNS:office.example.com, IP Address:127.0.0.1' \
    "$(openssl req -in "$scratch/by-ansible.csr" -noout -text | sed -n '/Alternative Name/{n;s/^ *//p}')"

# ---- a chain ----
leaf_sign office "$scratch/bare.csr" "$scratch/signed.pem" san=DNS:office.example.com,IP:127.0.0.1
leaf_sign office "$scratch/bare.csr" "$scratch/server.pem" eku=serverAuth
openssl crl2pkcs7 -nocrl -certfile "$scratch/signed.pem" -out "$scratch/signed.p7b"
upload='command: upload_cert_chain, upload_file'
task server ome_application_certificate "$basic" "$upload: \"$scratch/server.pem\""
task other ome_application_certificate "$basic" "$upload: \"$scratch/office.pem\""
task chain ome_application_certificate "$basic" "$upload: \"$scratch/signed.pem\""
task again ome_application_certificate "$basic" "$upload: \"$scratch/signed.p7b\""
play
result server 'a leaf without clientAuth is refused, with the reason' '.failed and .error_info.error["@Message.ExtendedInfo"][0].MessageArgs[0]
    == "No Client/Server authentication EKU present in leaf certificate."'
result chain 'the chain is uploaded' '.changed and (.failed | not)'
result again 'and again, as PKCS#7' '.changed and (.failed | not)'
equal 'all of it is presented' "$(grep -c BEGIN "$scratch/signed.pem")" \
    "$(openssl s_client -connect "${managed[office]}" -showcerts </dev/null 2>/dev/null | grep -c 'BEGIN CERTIFICATE')"

# ---- a migration as a job ----
member target office
tree "$scratch/estate" 3
code target --for office.example.com
listen target
answers 202 'a migration is begun' office POST /api/pairgate/v1/migrations \
    -u 'vera:correct: horse battery' "${json[@]}" \
    "$(jq -n '{host: $host, directory: $tree, code: ($code | rtrimstr("\n"))}' --arg host "$(at target)" \
        --arg tree "$scratch/estate" --rawfile code "$scratch/target.code")"
job=$(header Location)
over() { api office GET "$job" -u 'vera:correct: horse battery' && jq -e '.state != "running"' "$out"; }
wait_for 30 over || not_ok 'it ends' "$out"
task one ome_job_info "$basic" "job_id: ${job##*/}, fetch_execution_history: true"
task all ome_job_info "$basic" 'system_query_options: {top: 5}'
play
result one 'it is a job that is completed, with its history' '.job_info | .LastRunStatus.Name == "Completed" and
    (.ExecutionHistories | length == 1) and (.LastExecutionDetail.Progress == "100")'
result all 'and among all of them' '.job_info.value | length > 0'
listen_end target
listen_end office
