/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All commands. */
#include "agent/command.h"

#include "base/text.h"

const struct command *const command_tables[] = {
    commands_identity,  commands_request,
    commands_chain,     commands_verify,
    commands_trust,     commands_store,
    commands_published, commands_refresh,
    commands_adopt,     commands_ca,
    commands_ca_issue,  commands_doctor,
    commands_listen,    commands_pair,
    commands_migrate,   commands_handover,
    commands_prune,     commands_receipt,
    commands_audit,     commands_admin,
    commands_approve,   NULL,
};

const struct command *command_find(const char *name)
{
    for (size_t t = 0; command_tables[t] != NULL; t++)
        for (const struct command *row = command_tables[t]; row->name != NULL; row++)
            if (text_equal(row->name, name))
                return row;
    return NULL;
}
