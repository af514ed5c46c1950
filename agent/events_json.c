/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/events.h"

#include "agent/credentials.h"
#include "agent/events_parts.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>
#include <stdio.h>

void event_tell_json(json_t *object, const char *event)
{
    json_object_set_new(object, "event", json_string(event));
    flockfile(stdout);
    json_dumpf(object, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    fflush(stdout);
    funlockfile(stdout);
    json_decref(object);
}

void event_tell_text(const char *fmt, ...)
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

void event_put_printable(json_t *object, const char *field, const char *text)
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
    event_tell_text("confined by:%s%s%s", sandbox->seccomp ? " seccomp" : "", landlock,
                    sandbox->mounts ? " mounts" : "");
}

void event_listening(const struct events *events, const char *address, const char *into,
                     const struct sandbox *sandbox)
{
    json_t *object;

    if (!events->json) {
        event_tell_text("listening on %s, into %s", address, into);
        show_sandbox(sandbox);
        return;
    }
    object = json_object();
    event_put_printable(object, "address", address);
    event_put_printable(object, "into", into);
    json_object_set_new(object, "sandbox",
                        json_pack("{s:b,s:i,s:b}", "seccomp", sandbox->seccomp, "landlock",
                                  sandbox->landlock, "mounts", sandbox->mounts));
    event_tell_json(object, "listening");
}

void event_managing(const struct events *events, const char *address)
{
    json_t *object;

    if (!events->json) {
        event_tell_text("managed on https://%s", address);
        return;
    }
    object = json_object();
    event_put_printable(object, "address", address);
    event_tell_json(object, "managing");
}

void event_tell_findings(const struct report *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct error *item = &findings->item[i];
        char about[ABOUT_MAX * 4];

        text_printable(about, sizeof(about), span_text(item->about));
        event_tell_text("  %s %s: %s (%s)", severity_name(item->severity),
                        message_of(item->msg)->id, message_of(item->msg)->text, about);
    }
}

void event_credentials(const struct events *events, const struct credentials *own)
{
    const char *name = cert_issued_to(chain_leaf(&own->identity.chain));
    json_t *object;

    if (!events->json) {
        event_tell_text("credentials: identity %u, %s; %zu anchors, %zu revocation lists",
                        own->identity.number, name, own->trust.anchors.n, own->crls.n);
        return;
    }
    object = json_object();
    json_object_set_new(object, "identity", json_integer(own->identity.number));
    event_put_printable(object, "issued_to", name);
    json_object_set_new(object, "anchors", json_integer((json_int_t)own->trust.anchors.n));
    json_object_set_new(object, "crls", json_integer((json_int_t)own->crls.n));
    event_tell_json(object, "credentials");
}

void event_refused(const struct events *events, const char *address, const char *peer,
                   const struct report *findings)
{
    json_t *object;

    if (events->json) {
        object = json_object();
        event_put_printable(object, "address", address);
        event_put_printable(object, "peer", peer);
        json_object_set_new(object, "findings", json_findings(findings));
        event_tell_json(object, "refused");
        return;
    }
    event_tell_text("refused %s%s%s", address, peer[0] != '\0' ? ", " : "", peer);
    event_tell_findings(findings);
}

void event_paired(const struct events *events, const char *address, const char *peer)
{
    json_t *object;

    if (!events->json) {
        event_tell_text("paired with %s, %s", address, peer);
        return;
    }
    object = json_object();
    event_put_printable(object, "address", address);
    event_put_printable(object, "peer", peer);
    event_tell_json(object, "paired");
}

void event_waiting(const struct events *events, const char *address, const char *peer,
                   const char *code)
{
    json_t *object;

    if (!events->json) {
        event_tell_text("waiting for approval: %s, %s, code %s", address, peer, code);
        return;
    }
    object = json_object();
    event_put_printable(object, "address", address);
    event_put_printable(object, "peer", peer);
    json_put_text(object, "code", code);
    event_tell_json(object, "waiting");
}

void event_granted(const struct events *events, const struct grant *grant)
{
    char until[TIME_TEXT_MAX];
    json_t *object;

    text_show_time(until, grant->expires);
    if (!events->json) {
        event_tell_text("granted migration %s, peer %s, until %s", grant->migration,
                        grant->peer_name, until);
        return;
    }
    object = json_object();
    json_put_text(object, "grant", grant->id);
    json_put_text(object, "migration", grant->migration);
    event_put_printable(object, "peer", grant->peer_name);
    json_put_text(object, "expires", until);
    event_tell_json(object, "granted");
}

void event_migration(const struct events *events, const char *migration, const char *state,
                     uint64_t bytes)
{
    json_t *object;

    if (!events->json) {
        event_tell_text("migration %s %s, %llu bytes", migration, state,
                        (unsigned long long)bytes);
        return;
    }
    object = json_object();
    json_put_text(object, "migration", migration);
    json_put_text(object, "state", state);
    json_put_int(object, "bytes", (int64_t)bytes);
    event_tell_json(object, "migration");
}
