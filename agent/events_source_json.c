/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The events of a source, and those that either side has of a migration. */
#include "agent/events_parts.h"
#include "agent/view_json.h"
#include "base/text.h"
#include "pairing/json.h"
#include "transfer/receipt.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LEFT_MAX 32
#define WAITS "  waiting for the target" /* the longest that ends the line */

/* What is sent may not be there yet: it is not all before the target has accepted it. */
static double percent_of(uint64_t bytes, uint64_t accepted, uint64_t total)
{
    const double percent = total > 0 ? 100.0 * (double)bytes / (double)total : 100.0;

    return accepted < total && percent > 99 ? 99 : percent;
}

/* How long the rest takes to be sent, when that can be told; never nothing while some is.
 */
static void show_left(char out[LEFT_MAX], uint64_t bytes, uint64_t accepted, uint64_t total,
                      double rate)
{
    const double seconds = rate > 1 ? (double)(total - bytes) / rate : 0;

    out[0] = '\0';
    if (bytes < total && rate > 1)
        snprintf(out, LEFT_MAX, "  %.0f s left", seconds > 1 ? seconds : 1);
    else if (bytes >= total && accepted < total)
        snprintf(out, LEFT_MAX, WAITS);
}

/* A line that is drawn over on a terminal; in a log, a new one now and then. */
static void draw_progress(uint64_t bytes, uint64_t accepted, uint64_t total, double rate)
{
    const bool on_terminal = isatty(STDERR_FILENO) == 1;
    char left[LEFT_MAX];

    show_left(left, bytes, accepted, total, rate);
    flockfile(stderr);
    fprintf(stderr, "%s%3.0f %%  %.1f of %.1f MiB  %.1f MiB/s%-*s%s",
            on_terminal ? "\r" : "", percent_of(bytes, accepted, total),
            (double)bytes / 1048576, (double)total / 1048576, rate / 1048576,
            on_terminal ? (int)strlen(WAITS) : 0, left, on_terminal ? "" : "\n");
    fflush(stderr);
    funlockfile(stderr);
}

void event_progress(const struct events *events, uint64_t bytes, uint64_t accepted,
                    uint64_t total, double rate)
{
    json_t *object;

    if (!events->json) {
        draw_progress(bytes, accepted, total, rate);
        return;
    }
    object = json_object();
    json_put_int(object, "bytes", (int64_t)bytes);
    json_put_int(object, "accepted", (int64_t)accepted);
    json_put_int(object, "total", (int64_t)total);
    json_put_int(object, "rate", (int64_t)rate);
    event_tell_json(object, "progress");
}

void event_progress_end(const struct events *events)
{
    if (!events->json && isatty(STDERR_FILENO) == 1)
        fputc('\n', stderr);
}

void event_trouble(const struct events *events, const struct error *why, time_t until)
{
    const struct message *message = message_of(why->msg);
    char when[TIME_TEXT_MAX];
    json_t *object;

    text_show_time(when, until);
    if (!events->json) {
        event_tell_text("%s: %s (%s) It is tried again until %s.", message->id,
                        message->text, why->about, when);
        return;
    }
    object = json_object();
    json_put_text(object, "id", message->id);
    json_put_text(object, "message", message->text);
    event_put_printable(object, "detail", why->about);
    json_put_text(object, "until", when);
    event_tell_json(object, "trouble");
}

void event_recovered(const struct events *events)
{
    if (events->json)
        event_tell_json(json_object(), "recovered");
    else
        event_tell_text("The other side answers again.");
}

void event_state(const struct events *events, enum handover_state state)
{
    json_t *object;

    if (!events->json) {
        event_tell_text("%s, owner %s", handover_state_name(state), handover_owner(state));
        return;
    }
    object = json_object();
    json_put_text(object, "state", handover_state_name(state));
    event_tell_json(object, "state");
}

void event_spared(const struct events *events, uint64_t bytes)
{
    json_t *object;

    if (!events->json) {
        event_tell_text("%llu bytes were at the target already", (unsigned long long)bytes);
        return;
    }
    object = json_object();
    json_put_int(object, "bytes", (int64_t)bytes);
    event_tell_json(object, "spared");
}

void event_left_behind(const struct events *events, const struct report *findings)
{
    json_t *object;

    if (!events->json) {
        event_tell_text("%zu %s not moved", findings->n,
                        findings->n == 1 ? "entry is" : "entries are");
        event_tell_findings(findings);
        return;
    }
    object = json_object();
    json_put_int(object, "count", (int64_t)findings->n);
    json_object_set_new(object, "findings", json_findings(findings));
    event_tell_json(object, "left-behind");
}

void event_warned(const struct events *events, const struct report *findings)
{
    scoped(report_clear) struct report warnings = {0};
    json_t *object;

    for (size_t i = 0; i < findings->n; i++)
        if (findings->item[i].severity == SEVERITY_WARNING)
            report_add(&warnings, &findings->item[i]);
    if (warnings.n == 0)
        return;
    if (!events->json) {
        event_tell_findings(&warnings);
        return;
    }
    object = json_object();
    json_object_set_new(object, "findings", json_findings(&warnings));
    event_tell_json(object, "warned");
}

void event_generation(const struct events *events, unsigned generation, uint64_t bytes)
{
    json_t *object;

    if (!events->json) {
        event_tell_text("generation %u: %llu bytes are new or changed", generation,
                        (unsigned long long)bytes);
        return;
    }
    object = json_object();
    json_put_int(object, "generation", generation);
    json_put_int(object, "bytes", (int64_t)bytes);
    event_tell_json(object, "generation");
}

/* A line each, so that it can be read. */
static void tell_said(struct span said)
{
    while (said.n > 0) {
        size_t n = 0;

        while (n < said.n && said.at[n] != '\n')
            n++;
        event_tell_text("  | %.*s", (int)n, (const char *)said.at);
        said = span_after(said, n < said.n ? n + 1 : n);
    }
}

void event_hook(const struct events *events, const char *migration, const char *hook,
                const char *how, struct span said)
{
    char safe[2048];
    json_t *object;

    if (!events->json) {
        event_tell_text("%s %s", hook, how != NULL ? how : "is done");
        tell_said(said);
        return;
    }
    object = json_object();
    json_put_text(object, "migration", migration);
    json_put_text(object, "hook", hook);
    json_put_text(object, "outcome", how != NULL ? "failed" : "done");
    if (how != NULL) {
        event_put_printable(object, "detail", how);
        text_printable(safe, sizeof(safe), said);
        json_put_text(object, "output", safe);
    }
    event_tell_json(object, "hook");
}

static json_t *party_json(const struct receipt_party *party)
{
    json_t *object = json_object();

    event_put_printable(object, "name", party->name);
    json_put_digest(object, "server_key", &party->server_key);
    json_put_digest(object, "client_key", &party->client_key);
    json_put_text(object, "policy", party->policy);
    return object;
}

static void tell_left(const struct left_behind *left)
{
    if (left_behind_any(left))
        event_tell_text(
            "  not moved: %llu sockets, %llu pipes, %llu devices, %llu unreadable",
            (unsigned long long)left->sockets, (unsigned long long)left->pipes,
            (unsigned long long)left->devices, (unsigned long long)left->skipped);
}

void event_receipt(const struct events *events, const struct receipt *receipt)
{
    char when[TIME_TEXT_MAX];
    json_t *object;

    text_show_time(when, (time_t)receipt->committed);
    if (!events->json) {
        event_tell_text("migration %s is committed: %s now owns '%s' (epoch %llu)",
                        receipt->migration, receipt->target.name, receipt->name,
                        (unsigned long long)receipt->terms.epoch);
        event_tell_text(
            "  %llu files, %llu bytes in %llu segments, %s, every digest agreed, at %s",
            (unsigned long long)receipt->files, (unsigned long long)receipt->bytes,
            (unsigned long long)receipt->segments, digest_name(receipt->kind), when);
        tell_left(&receipt->left);
        return;
    }
    object = json_object();
    json_put_text(object, "migration", receipt->migration);
    event_put_printable(object, "name", receipt->name);
    json_put_int(object, "epoch", (int64_t)receipt->terms.epoch);
    json_put_digest(object, "manifest_root", &receipt->terms.manifest_root);
    json_put_digest(object, "contents_root", &receipt->terms.contents_root);
    json_put_text(object, "digest", digest_name(receipt->kind));
    json_put_int(object, "entries", (int64_t)receipt->entries);
    json_put_int(object, "files", (int64_t)receipt->files);
    json_put_int(object, "bytes", (int64_t)receipt->bytes);
    json_put_int(object, "segments", (int64_t)receipt->segments);
    if (receipt->left.told)
        json_object_set_new(object, "left_behind", view_json_left(&receipt->left));
    json_put_text(object, "committed", when);
    json_put_text(object, "tls", receipt->tls_version);
    json_put_text(object, "cipher", receipt->tls_cipher);
    json_put_text(object, "group", receipt->tls_group);
    json_object_set_new(object, "source", party_json(&receipt->source));
    json_object_set_new(object, "target", party_json(&receipt->target));
    event_tell_json(object, "receipt");
}
