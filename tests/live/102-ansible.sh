#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Dell's Ansible collection dellemc.openmanage, as this release of Debian packages it, drives an
# agent without a change: a signing request, an upload, the reason when one is refused, a job.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"
. "$(dirname "$0")/ansible.sh"

ansible-doc -j dellemc.openmanage.ome_application_certificate 2>/dev/null | grep -q generate_csr ||
    skip 'the collection dellemc.openmanage is not installed'
office_for_ansible

# ---- requests ----
fields='department_name: "Ops & Migration", business_name: "Exemple, SA", locality: "Saint-Étienne",
    country_state: "Auvergne/Rhône-Alpes", email: ops@example.com'
task csr ome_application_certificate "$basic" "command: generate_csr,
    distinguished_name: office.example.com, country: FR, $fields"
task refused ome_application_certificate "$basic" "command: generate_csr,
    distinguished_name: office.example.com, country: FRA, $fields"
play
result refused 'what is refused is told with its reason' \
    '.failed and (.msg | contains("400")) and (.error_info.error["@Message.ExtendedInfo"][0].MessageArgs[0] == "Country")'
result csr 'the module has a signing request' \
    '.csr_status.CertificateData | startswith("-----BEGIN CERTIFICATE REQUEST-----\n")'
field .csr_status.CertificateData >"$scratch/by-ansible.csr"
check 'which openssl reads as it is' openssl req -in "$scratch/by-ansible.csr" -noout -verify
check 'with its subject in UTF-8' grep -q 'Saint-Étienne' \
    <(openssl req -in "$scratch/by-ansible.csr" -noout -subject -nameopt utf8)

# ---- uploads, and a job ----
leaf_sign office "$scratch/by-ansible.csr" "$scratch/signed.pem" san=DNS:office.example.com,IP:127.0.0.1
openssl x509 -in "$scratch/signed.pem" >"$scratch/alone.pem"
echo nonsense >"$scratch/nonsense.pem"
answers 202 'a job that comes to nothing' office POST /api/pairgate/v1/migrations \
    -u 'vera:correct: horse battery' "${json[@]}" '{"host":"127.0.0.1:1","directory":"/none","wait":true}'
job=$(header Location)
task job ome_job_info "$basic" "job_id: ${job##*/}"
task unknown ome_job_info "$basic" 'job_id: 9999'
task nonsense ome_application_certificate "$basic" "command: upload, upload_file: \"$scratch/nonsense.pem\""
task alone ome_application_certificate "$basic" "command: upload, upload_file: \"$scratch/alone.pem\""
play
result job 'the job is found by its number' \
    '.job_info | .JobName == "migrate /none to 127.0.0.1:1" and .LastRunStatus.Id == 2070 and .CreatedBy == "vera"'
result unknown 'one that is none is told' '.failed and (.msg | contains("404") or contains("9999"))'
result nonsense 'a file that is no certificate is refused' \
    '.failed and .error_info.error["@Message.ExtendedInfo"][0].MessageId == "CSEC9002"'
result alone 'the certificate is uploaded' '.changed and (.failed | not)'
equal 'and presented' "$(openssl x509 -in "$scratch/alone.pem" -noout -serial)" \
    "$(openssl s_client -connect "${managed[office]}" </dev/null 2>/dev/null | openssl x509 -noout -serial)"
listen_end office
