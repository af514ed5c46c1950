/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/doctor.h"

#include "agent/hook_rows.h"
#include "base/fs.h"
#include "base/text.h"
#include "certs/notes.h"
#include "certs/rules.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKUP_FILE "backed-up"
#define CLOCK_FLOOR ((time_t)1767225600) /* 2026-01-01: nothing of pairgate is older */
#define CLOCK_SLACK 300

const char *health_name(enum health health)
{
    static const char *const names[] = {"well", "attention", "broken"};

    return names[health];
}

void doctor_clear(struct doctor *doctor)
{
    identity_clear(&doctor->identity);
    report_clear(&doctor->report);
    *doctor = (struct doctor){0};
}

static void tell(struct report *out, enum severity severity, const struct error *why)
{
    struct error finding = *why;

    finding.severity = severity;
    report_add(out, &finding);
}

int64_t doctor_days_left(const struct cert *cert, time_t now)
{
    const int64_t left = (int64_t)cert->not_after.at - now;

    return left >= 0 ? left / DAY_SECONDS : -((-left + DAY_SECONDS - 1) / DAY_SECONDS);
}

static void judge_rung(struct report *out, const struct cert *cert, size_t rung,
                       const struct doctor_wish *wish)
{
    struct error why = {0};

    if (wish->now < cert->not_before.at || wish->now > cert->not_after.at) {
        fail_at(&why, E_DOCTOR_OVER, rung, "%s, %lld days", cert_issued_to(cert),
                (long long)doctor_days_left(cert, wish->now));
        tell(out, SEVERITY_ERROR, &why);
    } else if ((int64_t)cert->not_after.at - wish->now <= wish->within) {
        fail_at(&why, E_DOCTOR_DAYS, rung, "%s, %lld days left", cert_issued_to(cert),
                (long long)doctor_days_left(cert, wish->now));
        tell(out, SEVERITY_WARNING, &why);
    }
}

/* Warnings of our own chain that ask nothing of this appliance; whoever renews it may wish
 * to know, but monitoring is not to be woken by them until then. */
static bool asks_nothing(enum msg msg)
{
    return msg == E_TIME_EARLY || msg == E_KU_EC_ENCIPHERMENT;
}

/* What pairing would refuse today; the dates are judged by the rungs. */
static void judge_chain(struct report *out, const struct chain *chain, enum leaf_use use,
                        const struct doctor_wish *wish)
{
    scoped(report_clear) struct report report = {0};
    const struct judged judged = {.chain = chain,
                                  .policy = wish->policy,
                                  .occasion = OCCASION_OWN,
                                  .now = wish->now,
                                  .use = use};

    rules_judge(&judged, &report);
    for (size_t i = 0; i < report.n; i++) {
        const char *rule = message_of(report.item[i].msg)->rule;

        if (rule == NULL || !text_equal(rule, "validity"))
            tell(out,
                 asks_nothing(report.item[i].msg) ? SEVERITY_NOTE : report.item[i].severity,
                 &report.item[i]);
    }
}

/* Its rungs, and its rules when a CA stands behind it. */
static void examine_leaf(struct doctor *out, enum leaf_use use,
                         const struct doctor_wish *wish)
{
    scoped(report_clear) struct report found = {0};
    const struct chain *chain = identity_chain(&out->identity, use);

    for (size_t i = 0; i < chain->n; i++)
        judge_rung(&found, &chain->cert[i], i, wish);
    if (out->identity.origin == IDENTITY_CHAIN)
        judge_chain(&found, chain, use, wish);
    for (size_t i = 0; i < found.n; i++)
        leaves_tell(&out->report, leaf_use_words(use), &found.item[i]);
}

static void examine_identity(struct doctor *out, int state, const struct doctor_wish *wish)
{
    struct error why = {0};
    struct leaves leaves;

    out->has_identity = identity_load(&out->identity, state, false, &why);
    if (!out->has_identity) {
        tell(&out->report, SEVERITY_ERROR, &why);
        return;
    }
    leaves = identity_leaves(&out->identity);
    examine_leaf(out, identity_is_split(&out->identity) ? LEAF_SERVER : LEAF_BOTH, wish);
    if (identity_is_split(&out->identity))
        examine_leaf(out, LEAF_CLIENT, wish);
    leaves_judge(&leaves, wish->policy, OCCASION_OWN, &out->report);
    if (out->identity.origin == IDENTITY_CHAIN)
        return;
    fail(&why, E_DOCTOR_SELF_SIGNED, "the identity is %s",
         identity_origin_name(out->identity.origin));
    tell(&out->report, SEVERITY_WARNING, &why);
}

/* The clock is wrong when pairgate itself wrote something later than now. */
static void examine_clock(struct doctor *out, int state, const struct doctor_wish *wish)
{
    char text[TIME_TEXT_MAX];
    struct error why = {0};
    struct stat st;
    time_t last = CLOCK_FLOOR;

    /* When it cannot be looked at, examine_identity tells why. */
    if (fstatat(state, IDENTITY_DIR "/current/reason", &st, 0) == 0 && st.st_mtime > last)
        last = st.st_mtime;
    if (wish->now + CLOCK_SLACK >= last)
        return;
    text_show_time(text, last);
    fail(&why, E_DOCTOR_CLOCK, "it is later than %s", text);
    tell(&out->report, SEVERITY_ERROR, &why);
}

/* 0 where nobody ever said so. */
static bool read_backed_up(time_t *out, int state, struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);
    bool has = false;

    return fs_has(&has, state, BACKUP_FILE, err) &&
           (!has || (fs_read_at(&notes, state, BACKUP_FILE, err) &&
                     (notes_get_time(out, buf_span(&notes), "backed-up") ||
                      fail(err, E_DOCTOR_DAMAGED, BACKUP_FILE))));
}

/* M-34. Nobody is blamed who never said anything about backups. */
static void examine_backup(struct doctor *out, int state)
{
    const time_t newest = out->has_identity ? out->identity.made : 0;
    char made[TIME_TEXT_MAX], kept[TIME_TEXT_MAX];
    struct error why = {0};

    if (!read_backed_up(&out->backed_up, state, &why)) {
        tell(&out->report, SEVERITY_WARNING, &why);
        return;
    }
    if (out->backed_up >= newest)
        return;
    text_show_time(made, newest);
    text_show_time(kept, out->backed_up);
    fail(&why, E_DOCTOR_BACKUP, "the certificate is of %s, the backup %s", made,
         out->backed_up != 0 ? kept : "unknown");
    tell(&out->report, out->backed_up != 0 ? SEVERITY_WARNING : SEVERITY_NOTE, &why);
}

/* What an agent that runs would run again, or has just begun. */
static bool find_owed(struct report *out, struct state *state, struct error *err)
{
    struct error why;

    if (!state_open_db(state, err))
        return false;
    for (enum hook hook = HOOK_NONE + 1; hook < HOOKS; hook++) {
        char id[HANDOVER_ID_MAX] = "";
        bool found = true;

        while (hook_rows_owed(id, &found, &state->db, hook, id, err) && found) {
            why = (struct error){0};
            fail(&why, E_DOCTOR_OWED, "%s, %s", id, hook_rule(hook)->name);
            tell(out, SEVERITY_WARNING, &why);
        }
    }
    return err->msg == E_NONE;
}

static void examine_hooks(struct doctor *out, struct state *state)
{
    struct error why = {0};
    bool has = false;

    if (!fs_has(&has, state->fd, STATE_DB_FILE, &why) ||
        (has && !find_owed(&out->report, state, &why)))
        tell(&out->report, SEVERITY_ERROR, &why);
}

bool doctor_backed_up(int state, time_t now, struct error *err)
{
    scoped(buf_clear) struct buf notes = buf_upto(NOTES_MAX);

    return notes_add_time(&notes, "backed-up", now, err) &&
           fs_replace(state, BACKUP_FILE, buf_span(&notes), 0600, err);
}

void doctor_examine(struct doctor *out, struct state *state, const struct doctor_wish *wish)
{
    build_wolfssl(out->wolfssl);
    out->has_fips_module = build_has_fips_module(out->fips_module);
    examine_identity(out, state->fd, wish);
    examine_clock(out, state->fd, wish);
    doctor_permissions(&out->report, state);
    doctor_damage(&out->report, state);
    doctor_trust(out, state->fd, wish);
    examine_backup(out, state->fd);
    examine_hooks(out, state);
}

enum health doctor_health(const struct doctor *doctor)
{
    enum health health = HEALTH_WELL;

    for (size_t i = 0; i < doctor->report.n; i++) {
        if (doctor->report.item[i].severity == SEVERITY_ERROR)
            return HEALTH_BROKEN;
        if (doctor->report.item[i].severity == SEVERITY_WARNING)
            health = HEALTH_ATTENTION;
    }
    return health;
}
