#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# long
# Dell's Ansible collection dellemc.openmanage, as Debian packages it, drives an agent without
# a change: a signing request, an upload, and the reason when one is refused.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

command -v ansible-playbook >/dev/null || skip 'ansible is not installed'
find / -xdev -path '*dellemc/openmanage/plugins/modules/ome_application_certificate.py' -print -quit \
    2>/dev/null | grep . >/dev/null || skip 'the collection dellemc.openmanage is not installed'

ladder office
agent office
(umask 077 && echo 'correct: horse battery' >"$scratch/password")
must office admin add vera --password-file "$scratch/password"
request office
leaf_sign office "$scratch/office.csr" "$scratch/office.pem"
must office chain upload "$scratch/office.pem"
manage office
export ANSIBLE_HOME=$scratch/ansible ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_NOCOLOR=1
export HOME=$scratch no_proxy=127.0.0.1 LC_ALL=C.UTF-8

# play TASK...: one of them after another; each result is a line of $out.
play()
{
    {
        printf -- '- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n'
        printf '    - dellemc.openmanage.ome_application_certificate:\n'
        printf '        {hostname: 127.0.0.1, port: %s, ca_path: "%s", username: vera, password: "correct: horse battery", %s}\n' \
            "${managed[office]##*:}" "$scratch/office.pem" "${1//$'\n'/}"
        printf '      register: answer\n      ignore_errors: true\n'
        printf '    - copy: {content: "{{ answer | to_json }}", dest: "%s"}\n' "$scratch/answer"
    } >"$scratch/play.yml"
    rm -f "$scratch/answer"
    timeout 120 ansible-playbook -i localhost, "$scratch/play.yml" >"$scratch/ansible.log" 2>&1 || true
    cp "$scratch/answer" "$out" || cp "$scratch/ansible.log" "$out"
}

play 'command: generate_csr, distinguished_name: office.example.com, department_name: "Ops & Migration",
    business_name: "Exemple, SA", locality: "Saint-Étienne", country_state: "Auvergne/Rhône-Alpes",
    country: FR, email: ops@example.com'
told 'the module has a signing request' '.csr_status.CertificateData | startswith("-----BEGIN CERTIFICATE REQUEST-----\n")'
field .csr_status.CertificateData >"$scratch/by-ansible.csr"
check 'which openssl reads as it is' openssl req -in "$scratch/by-ansible.csr" -noout -verify
check 'with its subject in UTF-8' grep -q 'Saint-Étienne' \
    <(openssl req -in "$scratch/by-ansible.csr" -noout -subject -nameopt utf8)
play 'command: generate_csr, distinguished_name: office.example.com, department_name: x,
    business_name: x, locality: x, country_state: x, country: FRA, email: ops@example.com'
told 'what is refused is told with its reason' \
    '.failed and (.msg | contains("400")) and (.error_info.error["@Message.ExtendedInfo"][0].MessageArgs[0] == "Country")'

leaf_sign office "$scratch/by-ansible.csr" "$scratch/signed.pem" san=DNS:office.example.com,IP:127.0.0.1
openssl x509 -in "$scratch/signed.pem" >"$scratch/alone.pem"
echo nonsense >"$scratch/nonsense.pem"
play "command: upload, upload_file: \"$scratch/nonsense.pem\""
told 'a file that is no certificate is refused' \
    '.failed and .error_info.error["@Message.ExtendedInfo"][0].MessageId == "CSEC9002"'
play "command: upload, upload_file: \"$scratch/alone.pem\""
told 'the certificate is uploaded' '.changed and (.failed | not)'
equal 'and presented' "$(openssl x509 -in "$scratch/alone.pem" -noout -serial)" \
    "$(openssl s_client -connect "${managed[office]}" </dev/null 2>/dev/null | openssl x509 -noout -serial)"

# A collection that can (9.6.0 and later) uploads the chain and opens sessions.
if ansible-doc -j dellemc.openmanage.ome_application_certificate 2>/dev/null | grep -q upload_cert_chain; then
    play "command: upload_cert_chain, upload_file: \"$scratch/signed.pem\", validate_certs: false"
    told 'the chain is uploaded' '.changed and (.failed | not)'
fi
listen_end office
