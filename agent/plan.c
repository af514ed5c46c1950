/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of a migration as a small text file. */
#include "agent/demands.h"
#include "agent/errand.h"
#include "agent/move.h"
#include "base/fs.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PLAN_FILE "plan"
#define PLAN_BYTES_MAX 65536
#define WORK_ROOM (sizeof(MIGRATIONS_DIR) + MIGRATION_ID_MAX)
#define LOCK_TRIES 10
#define LOCK_US 20000 /* between two of them */

static void work_path(char out[WORK_ROOM], const char *migration)
{
    snprintf(out, WORK_ROOM, MIGRATIONS_DIR "/%s", migration);
}

bool plan_open_work(int *out, int state, const char *migration, struct error *err)
{
    char path[WORK_ROOM];

    work_path(path, migration);
    return fs_make_dir(out, state, path, 0700, err);
}

bool plan_lock_work(int *out, int state, const char *migration, struct error *err)
{
    if (!plan_open_work(out, state, migration, err))
        return false;
    for (int left = LOCK_TRIES; left > 0; left--) {
        if (fs_lock(*out))
            return true;
        usleep(LOCK_US); /* whoever had it may be about to end */
    }
    fd_close(out);
    return fail(err, E_MIGRATION_RUNS, "%s", migration);
}

bool plan_is_run(int state, const char *migration)
{
    scoped(fd_close) int work = -1;
    char path[WORK_ROOM];

    work_path(path, migration);
    work = openat(state, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return work >= 0 && fs_is_locked(work);
}

/* Texts are base64, since a path may hold any byte but NUL. */
static bool put(struct buf *out, const char *key, const char *value, struct error *err)
{
    return buf_print(out, err, "%s ", key) &&
           text_base64_encode(out, span_text(value), err) && buf_add_text(out, "\n", err);
}

static bool put_demands(struct buf *out, const struct demands *demands, struct error *err)
{
    for (size_t i = 0; i < demands->pins; i++) {
        char key[DIGEST_HEX];

        digest_hex(key, &demands->pin[i]);
        if (!buf_print(out, err, "pin%zu %s\n", i, key))
            return false;
    }
    return buf_print(out, err, "require-pq %d\nrequire-revocation %d\n",
                     demands->require_pq, demands->require_revocation);
}

static bool put_wish(struct buf *out, const struct tree_wish *wish, struct error *err)
{
    for (size_t i = 0; i < wish->owners.n; i++) {
        char key[32], rule[OWNER_RULE_TEXT_MAX];

        snprintf(key, sizeof(key), "owner%zu", i);
        owner_rule_show(rule, &wish->owners.rule[i]);
        if (!put(out, key, rule, err))
            return false;
    }
    return buf_print(out, err, "skip-unreadable %d\n", wish->skip_unreadable);
}

bool plan_save(const struct move_plan *plan, int work, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(PLAN_BYTES_MAX);

    return put(&text, "host", plan->peer.host, err) &&
           put(&text, "port", plan->peer.port, err) &&
           put(&text, "peer-name", plan->peer_name, err) &&
           put(&text, "tree", plan->tree, err) && put(&text, "name", plan->name, err) &&
           put(&text, "policy", policy_name(plan->policy), err) &&
           put_demands(&text, &plan->demands, err) && put_wish(&text, &plan->wish, err) &&
           buf_print(&text, err, "streams %u\nlimit %llu\ncompress %s\n", plan->streams,
                     (unsigned long long)plan->limit, compress_name(plan->compress)) &&
           buf_print(&text, err, "patience %lld\nnowhere %d\nbasis %d\n",
                     (long long)plan->patience, plan->nowhere, plan->basis) &&
           fs_replace(work, PLAN_FILE, buf_span(&text), 0600, err);
}

/* The value behind `key` at the start of a line. */
static bool get(const char *text, const char *key, char *out, size_t room)
{
    size_t n = strlen(key);

    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');

        if (strncmp(line, key, n) == 0 && line[n] == ' ')
            return text_copy_span(out, room,
                                  span_of(line + n + 1, end != NULL
                                                            ? (size_t)(end - line) - n - 1
                                                            : strlen(line + n + 1)));
        line = end != NULL ? end + 1 : NULL;
    }
    return false;
}

static bool get_text(const char *text, const char *key, char *out, size_t room,
                     struct error *err)
{
    scoped(buf_clear) struct buf raw = buf_upto(PLAN_BYTES_MAX);
    char encoded[2 * PATH_MAX];

    if (!get(text, key, encoded, sizeof(encoded)) ||
        !text_base64_decode(&raw, span_text(encoded), err) ||
        !text_copy_span(out, room, buf_span(&raw)))
        return fail(err, E_FILE_READ, "the plan of the migration lacks '%s'", key);
    return true;
}

static bool get_demands(const char *text, struct demands *out, struct error *err)
{
    char key[16], value[DIGEST_HEX];

    for (size_t i = 0; i < PINS_MAX; i++) {
        snprintf(key, sizeof(key), "pin%zu", i);
        if (get(text, key, value, sizeof(value)) && !demands_pin(out, value, err))
            return false;
    }
    out->require_pq =
        get(text, "require-pq", value, sizeof(value)) && text_equal(value, "1");
    out->require_revocation =
        get(text, "require-revocation", value, sizeof(value)) && text_equal(value, "1");
    return true;
}

static bool get_wish(const char *text, struct tree_wish *out, struct error *err)
{
    char key[32], value[OWNER_RULE_TEXT_MAX];

    for (size_t i = 0; i < OWNER_RULES_MAX; i++) {
        struct error none = {0};

        snprintf(key, sizeof(key), "owner%zu", i);
        if (get_text(text, key, value, sizeof(value), &none) &&
            !owner_map_add(&out->owners, value, err))
            return false;
    }
    out->skip_unreadable =
        get(text, "skip-unreadable", value, sizeof(value)) && text_equal(value, "1");
    return true;
}

bool plan_load(struct move_plan *out, int state, const char *migration, struct error *err)
{
    scoped(buf_clear) struct buf file = buf_upto(PLAN_BYTES_MAX);
    char path[96], number[32], policy[16];
    const char *text;
    uint64_t streams = 0, patience = PATIENCE_SECONDS; /* older plans have no patience */

    snprintf(path, sizeof(path), MIGRATIONS_DIR "/%s/" PLAN_FILE, migration);
    if (!fs_read_at(&file, state, path, err) || !buf_terminate(&file, err))
        return false;
    text = (const char *)file.at;
    *out = (struct move_plan){0};
    if (!text_fits(out->migration, migration) ||
        !get_text(text, "host", out->peer.host, sizeof(out->peer.host), err) ||
        !get_text(text, "port", out->peer.port, sizeof(out->peer.port), err) ||
        !get_text(text, "peer-name", out->peer_name, sizeof(out->peer_name), err) ||
        !get_text(text, "tree", out->tree, sizeof(out->tree), err) ||
        !get_text(text, "name", out->name, sizeof(out->name), err) ||
        !get_text(text, "policy", policy, sizeof(policy), err) ||
        !policy_named(&out->policy, policy, err) ||
        !get_demands(text, &out->demands, err) || !get_wish(text, &out->wish, err))
        return false;
    if (!get(text, "streams", number, sizeof(number)) ||
        !text_number(&streams, number, 1, STREAMS_MAX, err) ||
        !get(text, "limit", number, sizeof(number)) ||
        !text_number(&out->limit, number, 0, INT64_MAX, err) ||
        (get(text, "patience", number, sizeof(number)) &&
         !text_number(&patience, number, 0, INT32_MAX, err)))
        return fail(err, E_FILE_READ, "the plan of the migration is damaged");
    out->streams = (unsigned)streams;
    if (get(text, "compress", number, sizeof(number)) &&
        !compress_named(&out->compress, number))
        return fail(err, E_FILE_READ, "the plan of the migration is damaged");
    out->basis = get(text, "basis", number, sizeof(number)) && text_equal(number, "1");
    out->nowhere = get(text, "nowhere", number, sizeof(number)) && text_equal(number, "1");
    out->patience = (int64_t)patience;
    return true;
}
