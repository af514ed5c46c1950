# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # what lib.sh and api.sh have
#
# Sourced behind api.sh by the scripts that run Dell's Ansible collection dellemc.openmanage, which is
# used as it is, against the agent `office`.

command -v ansible-playbook >/dev/null || skip 'ansible is not installed'
export ANSIBLE_HOME=$scratch/ansible ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_NOCOLOR=1
export HOME=$scratch no_proxy=127.0.0.1 LC_ALL=C.UTF-8
# shellcheck disable=SC2034
basic='username: vera, password: "correct: horse battery"'

# An agent with a certificate of the CA `office`, a port for the API, and the administrator vera.
office_for_ansible()
{
    ladder office
    agent office
    (umask 077 && echo 'correct: horse battery' >"$scratch/password")
    must office admin add vera --password-file "$scratch/password"
    request office
    leaf_sign office "$scratch/office.csr" "$scratch/office.pem"
    must office chain upload "$scratch/office.pem"
    manage office
    printf -- '- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n' >"$scratch/play.yml"
    cp "$scratch/play.yml" "$scratch/no.tasks"
}

# task NAME MODULE CREDENTIALS PARAMETERS: one more of the next play; its result goes to $scratch/NAME.result, and
# those behind it can say "{{ NAME.… }}".
task()
{
    {
        printf '    - dellemc.openmanage.%s:\n' "$2"
        printf '        {hostname: 127.0.0.1, port: %s, ca_path: "%s", %s, %s}\n' \
            "${managed[office]##*:}" "$scratch/office.pem" "$3" "${4//$'\n'/}"
        printf '      register: %s\n      ignore_errors: true\n' "$1"
        printf '    - copy: {content: "{{ %s | to_json }}", dest: "%s"}\n' "$1" "$scratch/$1.result"
    } >>"$scratch/play.yml"
    rm -f "$scratch/$1.result"
}

# Run the tasks so far.
play()
{
    timeout 120 ansible-playbook -i localhost, "$scratch/play.yml" >"$scratch/ansible.log" 2>&1 || true
    cp "$scratch/no.tasks" "$scratch/play.yml"
}

# result NAME SENTENCE FILTER: of that task. It is in $out then.
result()
{
    cp "$scratch/$1.result" "$out" 2>/dev/null || cp "$scratch/ansible.log" "$out"
    told "$2" "$3"
}
