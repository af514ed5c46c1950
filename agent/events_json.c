/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/events.h"

#include "agent/credentials.h"
#include "base/text.h"
#include "pairing/json.h"
#include "transfer/receipt.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Print the object with its event name, drop the reference. */
static void tell_json(json_t *object, const char *event)
{
    json_object_set_new(object, "event", json_string(event));
    flockfile(stdout);
    json_dumpf(object, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    fflush(stdout);
    funlockfile(stdout);
    json_decref(object);
}

static void printf_like(1, 2) tell_text(const char *fmt, ...)
{
    char line[2048], safe[4096];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    text_printable(safe, sizeof(safe), span_text(line));
    flockfile(stdout);
    puts(safe);
    fflush(stdout);
    funlockfile(stdout);
}

static void put_printable(json_t *object, const char *field, const char *text)
{
    char safe[1024];

    text_printable(safe, sizeof(safe), span_text(text));
    json_put_text(object, field, safe);
}

static void show_sandbox(const struct sandbox *sandbox)
{
    char landlock[32] = "";

    if (sandbox->landlock > 0)
        snprintf(landlock, sizeof(landlock), " landlock %d", sandbox->landlock);
    tell_text("confined by:%s%s%s", sandbox->seccomp ? " seccomp" : "", landlock,
              sandbox->mounts ? " mounts" : "");
}

void event_listening(const struct events *events, const char *address, const char *into,
                     const struct sandbox *sandbox)
{
    json_t *object;

    if (!events->json) {
        tell_text("listening on %s, into %s", address, into);
        show_sandbox(sandbox);
        return;
    }
    object = json_object();
    put_printable(object, "address", address);
    put_printable(object, "into", into);
    json_object_set_new(object, "sandbox",
                        json_pack("{s:b,s:i,s:b}", "seccomp", sandbox->seccomp, "landlock",
                                  sandbox->landlock, "mounts", sandbox->mounts));
    tell_json(object, "listening");
}

void event_managing(const struct events *events, const char *address)
{
    json_t *object;

    if (!events->json) {
        tell_text("managed on https://%s", address);
        return;
    }
    object = json_object();
    put_printable(object, "address", address);
    tell_json(object, "managing");
}

static void tell_findings(const struct report *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct error *item = &findings->item[i];
        char about[ABOUT_MAX * 4];

        text_printable(about, sizeof(about), span_text(item->about));
        tell_text("  %s %s: %s (%s)", severity_name(item->severity),
                  message_of(item->msg)->id, message_of(item->msg)->text, about);
    }
}

void event_credentials(const struct events *events, const struct credentials *own)
{
    const char *name = cert_issued_to(chain_leaf(&own->identity.chain));
    json_t *object;

    if (!events->json) {
        tell_text("credentials: identity %u, %s; %zu anchors, %zu revocation lists",
                  own->identity.number, name, own->trust.anchors.n, own->crls.n);
        return;
    }
    object = json_object();
    json_object_set_new(object, "identity", json_integer(own->identity.number));
    put_printable(object, "issued_to", name);
    json_object_set_new(object, "anchors", json_integer((json_int_t)own->trust.anchors.n));
    json_object_set_new(object, "crls", json_integer((json_int_t)own->crls.n));
    tell_json(object, "credentials");
}

void event_refused(const struct events *events, const char *address, const char *peer,
                   const struct report *findings)
{
    json_t *object;

    if (events->json) {
        object = json_object();
        put_printable(object, "address", address);
        put_printable(object, "peer", peer);
        json_object_set_new(object, "findings", json_findings(findings));
        tell_json(object, "refused");
        return;
    }
    tell_text("refused %s%s%s", address, peer[0] != '\0' ? ", " : "", peer);
    tell_findings(findings);
}

void event_paired(const struct events *events, const char *address, const char *peer)
{
    json_t *object;

    if (!events->json) {
        tell_text("paired with %s, %s", address, peer);
        return;
    }
    object = json_object();
    put_printable(object, "address", address);
    put_printable(object, "peer", peer);
    tell_json(object, "paired");
}

void event_waiting(const struct events *events, const char *address, const char *peer,
                   const char *code)
{
    json_t *object;

    if (!events->json) {
        tell_text("waiting for approval: %s, %s, code %s", address, peer, code);
        return;
    }
    object = json_object();
    put_printable(object, "address", address);
    put_printable(object, "peer", peer);
    json_put_text(object, "code", code);
    tell_json(object, "waiting");
}

void event_granted(const struct events *events, const struct grant *grant)
{
    char until[TIME_TEXT_MAX];
    json_t *object;

    text_show_time(until, grant->expires);
    if (!events->json) {
        tell_text("granted migration %s, peer %s, until %s", grant->migration,
                  grant->peer_name, until);
        return;
    }
    object = json_object();
    json_put_text(object, "grant", grant->id);
    json_put_text(object, "migration", grant->migration);
    put_printable(object, "peer", grant->peer_name);
    json_put_text(object, "expires", until);
    tell_json(object, "granted");
}

void event_migration(const struct events *events, const char *migration, const char *state,
                     uint64_t bytes)
{
    json_t *object;

    if (!events->json) {
        tell_text("migration %s %s, %llu bytes", migration, state,
                  (unsigned long long)bytes);
        return;
    }
    object = json_object();
    json_put_text(object, "migration", migration);
    json_put_text(object, "state", state);
    json_put_int(object, "bytes", (int64_t)bytes);
    tell_json(object, "migration");
}

/* A line that is drawn over on a terminal; in a log, a new one now and then. */
static void draw_progress(uint64_t bytes, uint64_t total, double rate)
{
    double left = rate > 1 ? (double)(total - bytes) / rate : 0;
    bool on_terminal = isatty(STDERR_FILENO) == 1;

    flockfile(stderr);
    fprintf(stderr, "%s%3.0f %%  %.1f of %.1f MiB  %.1f MiB/s  %.0f s left%s",
            on_terminal ? "\r" : "",
            total > 0 ? 100.0 * (double)bytes / (double)total : 100.0,
            (double)bytes / 1048576, (double)total / 1048576, rate / 1048576, left,
            on_terminal ? "   " : "\n");
    fflush(stderr);
    funlockfile(stderr);
}

void event_progress(const struct events *events, uint64_t bytes, uint64_t total,
                    double rate)
{
    json_t *object;

    if (!events->json) {
        draw_progress(bytes, total, rate);
        return;
    }
    object = json_object();
    json_put_int(object, "bytes", (int64_t)bytes);
    json_put_int(object, "total", (int64_t)total);
    json_put_int(object, "rate", (int64_t)rate);
    tell_json(object, "progress");
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
        tell_text("%s: %s (%s) It is tried again until %s.", message->id, message->text,
                  why->about, when);
        return;
    }
    object = json_object();
    json_put_text(object, "id", message->id);
    json_put_text(object, "message", message->text);
    put_printable(object, "detail", why->about);
    json_put_text(object, "until", when);
    tell_json(object, "trouble");
}

void event_recovered(const struct events *events)
{
    if (events->json)
        tell_json(json_object(), "recovered");
    else
        tell_text("The other side answers again.");
}

void event_state(const struct events *events, const char *state)
{
    json_t *object;

    if (!events->json) {
        tell_text("%s", state);
        return;
    }
    object = json_object();
    json_put_text(object, "state", state);
    tell_json(object, "state");
}

void event_spared(const struct events *events, uint64_t bytes)
{
    json_t *object;

    if (!events->json) {
        tell_text("%llu bytes were at the target already", (unsigned long long)bytes);
        return;
    }
    object = json_object();
    json_put_int(object, "bytes", (int64_t)bytes);
    tell_json(object, "spared");
}

void event_left_behind(const struct events *events, const struct report *findings)
{
    json_t *object;

    if (!events->json) {
        tell_text("%zu entries are not moved", findings->n);
        tell_findings(findings);
        return;
    }
    object = json_object();
    json_put_int(object, "count", (int64_t)findings->n);
    json_object_set_new(object, "findings", json_findings(findings));
    tell_json(object, "left-behind");
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
        tell_findings(&warnings);
        return;
    }
    object = json_object();
    json_object_set_new(object, "findings", json_findings(&warnings));
    tell_json(object, "warned");
}

void event_generation(const struct events *events, unsigned generation, uint64_t bytes)
{
    json_t *object;

    if (!events->json) {
        tell_text("generation %u: %llu bytes are new or changed", generation,
                  (unsigned long long)bytes);
        return;
    }
    object = json_object();
    json_put_int(object, "generation", generation);
    json_put_int(object, "bytes", (int64_t)bytes);
    tell_json(object, "generation");
}

/* A line each, so that it can be read. */
static void tell_said(struct span said)
{
    while (said.n > 0) {
        size_t n = 0;

        while (n < said.n && said.at[n] != '\n')
            n++;
        tell_text("  | %.*s", (int)n, (const char *)said.at);
        said = span_after(said, n < said.n ? n + 1 : n);
    }
}

void event_hook(const struct events *events, const char *migration, const char *hook,
                const char *how, struct span said)
{
    char safe[2048];
    json_t *object;

    if (!events->json) {
        tell_text("%s %s", hook, how != NULL ? how : "is done");
        tell_said(said);
        return;
    }
    object = json_object();
    json_put_text(object, "migration", migration);
    json_put_text(object, "hook", hook);
    json_put_text(object, "outcome", how != NULL ? "failed" : "done");
    if (how != NULL) {
        put_printable(object, "detail", how);
        text_printable(safe, sizeof(safe), said);
        json_put_text(object, "output", safe);
    }
    tell_json(object, "hook");
}

static json_t *party_json(const struct receipt_party *party)
{
    json_t *object = json_object();

    put_printable(object, "name", party->name);
    json_put_digest(object, "server_key", &party->server_key);
    json_put_digest(object, "client_key", &party->client_key);
    json_put_text(object, "policy", party->policy);
    return object;
}

static void tell_left(const struct left_behind *left)
{
    if (left_behind_any(left))
        tell_text("  not moved: %llu sockets, %llu pipes, %llu devices, %llu unreadable",
                  (unsigned long long)left->sockets, (unsigned long long)left->pipes,
                  (unsigned long long)left->devices, (unsigned long long)left->skipped);
}

static json_t *left_json(const struct left_behind *left)
{
    json_t *object = json_object();

    json_put_int(object, "sockets", (int64_t)left->sockets);
    json_put_int(object, "pipes", (int64_t)left->pipes);
    json_put_int(object, "devices", (int64_t)left->devices);
    json_put_int(object, "skipped", (int64_t)left->skipped);
    return object;
}

void event_receipt(const struct events *events, const struct receipt *receipt)
{
    char when[TIME_TEXT_MAX];
    json_t *object;

    text_show_time(when, (time_t)receipt->committed);
    if (!events->json) {
        tell_text("migration %s is committed: %s now owns '%s' (epoch %llu)",
                  receipt->migration, receipt->target.name, receipt->name,
                  (unsigned long long)receipt->terms.epoch);
        tell_text(
            "  %llu files, %llu bytes in %llu segments, %s, every digest agreed, at %s",
            (unsigned long long)receipt->files, (unsigned long long)receipt->bytes,
            (unsigned long long)receipt->segments, digest_name(receipt->kind), when);
        tell_left(&receipt->left);
        return;
    }
    object = json_object();
    json_put_text(object, "migration", receipt->migration);
    put_printable(object, "name", receipt->name);
    json_put_int(object, "epoch", (int64_t)receipt->terms.epoch);
    json_put_digest(object, "manifest_root", &receipt->terms.manifest_root);
    json_put_digest(object, "contents_root", &receipt->terms.contents_root);
    json_put_text(object, "digest", digest_name(receipt->kind));
    json_put_int(object, "entries", (int64_t)receipt->entries);
    json_put_int(object, "files", (int64_t)receipt->files);
    json_put_int(object, "bytes", (int64_t)receipt->bytes);
    json_put_int(object, "segments", (int64_t)receipt->segments);
    if (receipt->left.told)
        json_object_set_new(object, "left_behind", left_json(&receipt->left));
    json_put_text(object, "committed", when);
    json_put_text(object, "tls", receipt->tls_version);
    json_put_text(object, "cipher", receipt->tls_cipher);
    json_put_text(object, "group", receipt->tls_group);
    json_object_set_new(object, "source", party_json(&receipt->source));
    json_object_set_new(object, "target", party_json(&receipt->target));
    tell_json(object, "receipt");
}
