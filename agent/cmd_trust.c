/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust list, show, import, remove: the anchors that a peer's chain must reach. */
#include "agent/certs_json.h"
#include "agent/command.h"
#include "agent/view_text.h"
#include "base/fs.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ID_DIGITS_MIN 8

static bool is_own(const struct trust *trust, const struct cert *anchor)
{
    return anchor >= trust->anchors.cert + trust->imported;
}

static void print_anchor(const struct cert *anchor, bool own)
{
    char hex[DIGEST_HEX], until[TIME_TEXT_MAX] = "not a time";

    digest_hex(hex, &anchor->sha256);
    if (anchor->not_after.form != FORM_BAD)
        text_show_time(until, anchor->not_after.at);
    printf("%s\n  %s, %s, until %s, %s\n", hex, cert_issued_to(anchor),
           cert_key_name(anchor), until, own ? "root of our chain" : "imported");
}

/* Hexadecimal digits alone, lower case; colons between bytes are fine. */
static bool read_id(char out[DIGEST_HEX], const char *text, struct error *err)
{
    size_t n = 0;

    for (const char *c = text; *c != '\0'; c++) {
        if (*c == ':')
            continue;
        if (!isxdigit((unsigned char)*c) || n + 1 == DIGEST_HEX)
            return fail(err, E_ANCHOR_ID, "%s", text);
        out[n++] = (char)tolower((unsigned char)*c);
    }
    out[n] = '\0';
    return n >= ID_DIGITS_MIN || fail(err, E_ANCHOR_ID, "%s", text);
}

static bool find_anchor(const struct cert **out, const struct trust *trust,
                        const char *text, struct error *err)
{
    char id[DIGEST_HEX], hex[DIGEST_HEX];

    *out = NULL;
    if (!read_id(id, text, err))
        return false;
    for (size_t i = 0; i < trust->anchors.n; i++) {
        digest_hex(hex, &trust->anchors.cert[i].sha256);
        if (!text_starts(hex, id))
            continue;
        if (*out != NULL)
            return fail(err, E_ANCHOR_ID, "%s begins more than one", text);
        *out = &trust->anchors.cert[i];
    }
    return *out != NULL || fail(err, E_ANCHOR_UNKNOWN, "%s", text);
}

static int run_list(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(trust_clear) struct trust trust = {0};

    if (!args_end(&call->args, err) || !state_open(&state, call->state_dir, err) ||
        !trust_load(&trust, state.fd, err))
        return 0;
    if (call->json) {
        certs_json_trust(stdout, &trust);
        return 0;
    }
    printf("Anchors: %zu\n", trust.anchors.n);
    for (size_t i = 0; i < trust.anchors.n; i++)
        print_anchor(&trust.anchors.cert[i], is_own(&trust, &trust.anchors.cert[i]));
    return 0;
}

static int run_show(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(trust_clear) struct trust trust = {0};
    scoped(buf_clear) struct buf pem = buf_upto(2 * CERT_DER_MAX);
    const struct cert *anchor = NULL;
    const char *id = NULL;

    if (!args_need(&call->args, "SHA256", &id, err) || !args_end(&call->args, err) ||
        !state_open(&state, call->state_dir, err) || !trust_load(&trust, state.fd, err) ||
        !find_anchor(&anchor, &trust, id, err) || !cert_to_pem(&pem, anchor, err))
        return 0;
    if (call->json) {
        certs_json_anchor(stdout, anchor, is_own(&trust, anchor), buf_span(&pem));
        return 0;
    }
    print_anchor(anchor, is_own(&trust, anchor));
    printf("  %s\n", anchor->subject_text);
    fwrite(pem.at, 1, pem.n, stdout);
    return 0;
}

static bool import(struct chain *file, const struct state *state, const char *path,
                   bool confirmed, struct error *err)
{
    scoped(buf_clear) struct buf text = buf_upto(CHAIN_FILE_MAX);

    if (!fs_read(&text, path, err) || !chain_parse(file, buf_span(&text), err))
        return false;
    if (file->n != 1)
        return fail(err, E_ANCHOR_SEVERAL, "%s holds %zu", path, file->n);
    return trust_add(state->fd, chain_leaf(file), confirmed, err);
}

static int run_import(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(chain_clear) struct chain file = {0};
    const bool confirmed = args_flag(&call->args, "--confirm-anchor");
    const char *path = NULL;

    if (!args_need(&call->args, "FILE", &path, err) || !args_end(&call->args, err) ||
        !state_open(&state, call->state_dir, err) || !state_lock(&state, err) ||
        !import(&file, &state, path, confirmed, err))
        return 0;
    if (call->json) {
        certs_json_anchor(stdout, chain_leaf(&file), false, (struct span){0});
        return 0;
    }
    printf("Imported the anchor\n");
    print_anchor(chain_leaf(&file), false);
    return 0;
}

static int run_remove(struct call *call, struct error *err)
{
    scoped(state_close) struct state state = {0};
    scoped(trust_clear) struct trust trust = {0};
    const struct cert *anchor = NULL;
    const char *id = NULL;

    if (!args_need(&call->args, "SHA256", &id, err) || !args_end(&call->args, err) ||
        !state_open(&state, call->state_dir, err) || !state_lock(&state, err) ||
        !trust_load(&trust, state.fd, err) || !find_anchor(&anchor, &trust, id, err) ||
        !trust_remove(state.fd, &anchor->sha256, err))
        return 0;
    if (call->json) {
        certs_json_anchor(stdout, anchor, is_own(&trust, anchor), (struct span){0});
        return 0;
    }
    printf("Removed the anchor\n");
    print_anchor(anchor, is_own(&trust, anchor));
    return 0;
}

const struct command commands_trust[] = {
    {"trust list", "", "the anchors: imported ones and the root of our own chain",
     run_list},
    {"trust show", "SHA256", "one anchor and its PEM; eight digits are enough", run_show},
    {"trust import", "[--confirm-anchor] FILE", "trust one more root certificate",
     run_import},
    {"trust remove", "SHA256", "trust an imported root no longer", run_remove},
    {0},
};
