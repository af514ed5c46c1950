/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/services.h"

#include "base/fs.h"
#include "base/text.h"

#include <string.h>

#define TABLE_MAX 65536
#define STEP_TEXT_MAX (SERVICE_NAME_MAX + 32)

static const char default_table[] =
    "# pairgate: what to restart, and in which order, after the certificate of this\n"
    "# appliance has changed. Edit it as the appliance needs; pairgate only reads it.\n"
    "#\n"
    "# One line for each purpose of a certificate (see `pairgate request profiles`):\n"
    "#     PURPOSE: VERB SERVICE, VERB SERVICE, ...\n"
    "# VERB is restart, stop, start, disable or enable. SERVICE is a name of at most 63\n"
    "# bytes, blanks allowed, commas not. The steps go from left to right. A line that\n"
    "# begins with # is a comment. The first line of a purpose counts; a purpose without\n"
    "# a line restarts nothing.\n"
    "#\n"
    "# pairgate prints the steps after each change. With --apply it also runs, for each\n"
    "# of them,  hooks/services VERB SERVICE  in this directory and stops at the first\n"
    "# that fails. The hook gets PATH, PAIRGATE_STATE, PAIRGATE_PURPOSE and two minutes.\n"
    "\n"
    "# pairgate's own purposes, migration and server, need no step: a running listener\n"
    "# takes a new identity up with the next connection. For whoever else uses it:\n"
    "#     server: restart nginx\n"
    "\n"
    "# Unified CM. TFTP is disabled and enabled, not restarted: that drops its cache.\n"
    "tomcat: restart Tomcat, disable TFTP, enable TFTP\n"
    "tomcat-ECDSA: restart Tomcat, disable TFTP, enable TFTP\n"
    "ipsec: restart Cisco DRF Local, restart Cisco DRF Master\n"
    "CallManager: restart CallManager, restart CAPF, restart CTI\n"
    "CallManager-ECDSA: restart CallManager, restart CAPF, restart CTI\n"
    "CAPF: restart CallManager, restart CAPF\n"
    "TVS: restart TVS\n"
    "\n"
    "# An appliance whose services share one key store (Usage Meter): copy the steps to the\n"
    "# purpose of its certificate.\n"
    "usage-meter: stop All, stop vmware-um-journal, stop vmware-um-login,"
    " stop vmware-um-schedule, restart appliance\n"
    "\n"
    "# A machine certificate of a federated node: the three certificate services first.\n"
    "machine-ssl: stop all, start vmafdd, start vmdird, start vmcad, start all\n";

const char *services_default(void)
{
    return default_table;
}

bool services_write_default(int state, struct error *err)
{
    bool has = false;

    if (!fs_has(&has, state, SERVICES_FILE, err))
        return false;
    return has || fs_replace(state, SERVICES_FILE, span_text(default_table), 0600, err);
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct span trimmed(struct span text)
{
    while (text.n > 0 && is_blank(text.at[0]))
        text = span_after(text, 1);
    while (text.n > 0 && is_blank(text.at[text.n - 1]))
        text.n--;
    return text;
}

/* What stands before the separator, which goes; all of it when there is none. */
static struct span take_until(struct span *text, const char *separator)
{
    struct span head = *text;
    size_t at = 0;

    if (span_find(*text, separator, &at)) {
        head = span_head(*text, at);
        *text = span_after(*text, at + 1);
    } else {
        *text = span_after(*text, text->n);
    }
    return trimmed(head);
}

static bool step_read(struct service_step *out, struct span text)
{
    static const char *const verbs[] = {"restart", "stop", "start", "disable", "enable"};
    struct span name = text, verb = take_until(&name, " ");

    name = trimmed(name);
    if (name.n == 0 || !text_copy_span(out->name, sizeof(out->name), name) ||
        strlen(out->name) != name.n)
        return false;
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (span_equal(verb, span_text(verbs[i])))
            return text_fits(out->verb, verbs[i]);
    return false;
}

static bool steps_read(struct services *out, struct span steps, struct error *err)
{
    while (steps.n > 0) {
        const struct span step = take_until(&steps, ",");

        if (out->n == SERVICE_STEPS_MAX || !step_read(&out->step[out->n], step))
            return fail(err, E_SERVICES_TABLE, "%s: '%.*s'", out->purpose,
                        (int)(step.n < STEP_TEXT_MAX ? step.n : STEP_TEXT_MAX),
                        (const char *)step.at);
        out->n++;
    }
    return true;
}

bool services_load(struct services *out, int state, const char *purpose, struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(TABLE_MAX);
    struct span table = span_text(default_table);
    bool has = false;

    *out = (struct services){0};
    if (!text_fits(out->purpose, purpose))
        return fail(err, E_CSR_PURPOSE, "%s", purpose);
    if (!fs_has(&has, state, SERVICES_FILE, err) ||
        (has && !fs_read_at(&file, state, SERVICES_FILE, err)))
        return false;
    if (has)
        table = buf_span(&file);
    while (table.n > 0) {
        struct span line = take_until(&table, "\n");
        const bool is_comment = span_starts(line, "#");

        if (!is_comment && span_equal(take_until(&line, ":"), span_text(purpose))) {
            out->has_row = true;
            return steps_read(out, trimmed(line), err);
        }
    }
    return true;
}

const char *services_purpose_of(const struct identity *identity)
{
    if (identity->purpose[0] != '\0')
        return identity->purpose;
    return identity->origin == IDENTITY_SINGLE ? "server" : "migration";
}
