/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs/ca.h"

#include "base/fs.h"
#include "base/text.h"
#include "certs/general.h"
#include "certs/issue.h"
#include "certs/rules.h"
#include "certs/sealed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LEAF_KU                                                                            \
    (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_ENCIPHERMENT |                     \
     KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT)
#define LEAF_EKU (EKU_SERVER_AUTH | EKU_CLIENT_AUTH | EKU_IPSEC_END_SYSTEM)
#define BOTH_EKU (EKU_SERVER_AUTH | EKU_CLIENT_AUTH)

void ca_clear(struct ca *ca)
{
    key_clear(&ca->key);
    chain_clear(&ca->chain);
    *ca = (struct ca){0};
}

static unsigned ku_by_key(enum key_kind kind)
{
    return KU_DIGITAL_SIGNATURE | (kind == KEY_RSA ? KU_KEY_ENCIPHERMENT : 0U);
}

/* Append the certificate of a plan to the chain. */
static bool issue_into(struct chain *out, const struct issue *plan, struct error *err)
{
    scoped(buf_clear) struct buf der = buf_upto(CERT_DER_MAX);

    return issue_certificate(&der, plan, err) && chain_add_der(out, buf_span(&der), err);
}

static bool root_issue(struct chain *out, const struct key *key, const char *name,
                       time_t now, struct error *err)
{
    scoped(buf_clear) struct buf subject = buf_upto(CERT_TEXT_MAX);
    struct issue plan = {.signer = key,
                         .is_ca = true,
                         .from = now - CA_PREDATE_SECONDS,
                         .until = now + CA_ROOT_DAYS * DAY_SECONDS,
                         .ku = KU_KEY_CERT_SIGN | KU_CRL_SIGN};

    if (!issue_name(&subject, name, err))
        return false;
    plan.subject = buf_span(&subject);
    plan.spki = buf_span(&key->spki);
    return issue_into(out, &plan, err);
}

static bool intermediate_issue(struct chain *out, const struct key *key, const char *name,
                               const struct key *root_key, const struct cert *root,
                               struct error *err)
{
    scoped(buf_clear) struct buf subject = buf_upto(CERT_TEXT_MAX);
    char issuing[CERT_TEXT_MAX];
    struct issue plan = {.issuer = root,
                         .signer = root_key,
                         .is_ca = true,
                         .last_ca = true,
                         .from = root->not_before.at,
                         .ku = KU_KEY_CERT_SIGN | KU_CRL_SIGN};

    snprintf(issuing, sizeof(issuing), "%s issuing", name);
    if (!issue_name(&subject, issuing, err))
        return false;
    plan.until = plan.from + CA_INTERMEDIATE_DAYS * DAY_SECONDS;
    plan.subject = buf_span(&subject);
    plan.spki = buf_span(&key->spki);
    return issue_into(out, &plan, err);
}

bool ca_write(int state, int dir, const struct chain *chain, const struct key *key,
              const struct key *root_key, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_PEM_MAX);

    return (root_key == NULL || sealed_write(state, dir, ROOT_KEY_FILE, root_key, err)) &&
           sealed_write(state, dir, KEY_FILE, key, err) && chain_to_pem(&pem, chain, err) &&
           fs_replace(dir, CHAIN_FILE, buf_span(&pem), 0600, err);
}

/* The root alone, or the root and what issues under it; `dir` gets all of it. */
static bool make_ca(int state, int dir, const struct ca_plan *plan, struct error *err)
{
    scoped(key_clear) struct key root_key = key_none();
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain root = {0};
    scoped(chain_clear) struct chain chain = {0};

    if (!key_make(&root_key, plan->key, err) ||
        !root_issue(&root, &root_key, plan->name, plan->now, err))
        return false;
    if (!plan->intermediate)
        return ca_write(state, dir, &root, &root_key, NULL, err);
    return key_make(&key, plan->key, err) &&
           intermediate_issue(&chain, &key, plan->name, &root_key, chain_root(&root),
                              err) &&
           chain_add_der(&chain, buf_span(&chain_root(&root)->der), err) &&
           ca_write(state, dir, &chain, &key, &root_key, err);
}

bool ca_init(int state, const struct ca_plan *plan, struct error *err)
{
    scoped(fd_close) int dir = -1;
    bool has = false;

    if (!fs_has(&has, state, CA_DIR, err))
        return false;
    if (has)
        return fail(err, E_CA_EXISTS, CA_DIR "/" CHAIN_FILE);
    if (!csr_name_is_exact(plan->name))
        return fail(err, E_CSR_NAME, "%s", plan->name);
    return fs_remove_tree(state, CA_DIR ".new", err) &&
           fs_make_dir(&dir, state, CA_DIR ".new", 0700, err) &&
           make_ca(state, dir, plan, err) &&
           fs_rename_new(state, CA_DIR ".new", CA_DIR, err);
}

static bool read_chain(struct chain *out, int dir, struct error *err)
{
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_PEM_MAX);

    return fs_read_at(&pem, dir, CHAIN_FILE, err) && chain_parse(out, buf_span(&pem), err);
}

static bool open_ca(int *dir, int state, struct error *err)
{
    if (faccessat(state, CA_DIR, F_OK, 0) != 0 && errno == ENOENT)
        return fail(err, E_CA_MISSING, "no folder " CA_DIR);
    return fs_open_dir(dir, state, CA_DIR, err);
}

bool ca_load_chain(struct chain *out, int state, struct error *err)
{
    scoped(fd_close) int dir = -1;
    struct error why = {0};

    if (!open_ca(&dir, state, err))
        return false;
    return read_chain(out, dir, &why) || fail(err, E_CA_BROKEN, "%s", why.about);
}

bool ca_load(struct ca *out, int state, struct error *err)
{
    scoped(fd_close) int dir = -1;
    struct error why = {0};

    if (!open_ca(&dir, state, err))
        return false;
    if (!read_chain(&out->chain, dir, &why) ||
        !sealed_read(&out->key, state, dir, KEY_FILE, &why))
        return fail(err, sealed_explains(why.msg) ? why.msg : E_CA_BROKEN, "%s", why.about);
    return span_equal(buf_span(&out->key.spki), chain_leaf(&out->chain)->spki) ||
           fail(err, E_CA_BROKEN, CA_DIR "/" KEY_FILE " is not the key of " CHAIN_FILE);
}

/* A certificate that calls is judged as a chain to upload: alone when it serves as well,
 * else as the client leaf beside a server leaf. Another one is judged on its own. */
static bool judge(const struct chain *chain, unsigned eku, time_t now,
                  struct report *report, struct error *err)
{
    scoped(chain_clear) struct chain leaf = {0};
    const bool calls = (eku & EKU_CLIENT_AUTH) != 0;
    struct judged judged = {.chain = chain,
                            .policy = POLICY_DEFAULT,
                            .occasion = calls ? OCCASION_UPLOAD : OCCASION_SINGLE,
                            .use = calls && (eku & EKU_SERVER_AUTH) == 0 ? LEAF_CLIENT
                                                                         : LEAF_BOTH,
                            .now = now};

    if (!calls) {
        if (!chain_add_der(&leaf, buf_span(&chain_leaf(chain)->der), err))
            return false;
        judged.chain = &leaf;
    }
    rules_judge(&judged, report);
    return report_errors(report) == 0 ||
           fail(err, E_CA_REFUSES, "%zu findings", report_errors(report));
}

static bool ca_is_in_date(const struct ca *ca, time_t now, struct error *err)
{
    const struct cert *issuer = chain_leaf(&ca->chain);
    char text[TIME_TEXT_MAX];

    if (now <= issuer->not_after.at && now >= issuer->not_before.at)
        return true;
    text_show_time(text, now > issuer->not_after.at ? issuer->not_after.at
                                                    : issuer->not_before.at);
    return fail(err, E_CA_ENDED, "%s %s", now > issuer->not_after.at ? "ended" : "begins",
                text);
}

bool ca_issue_to(struct chain *out, const struct ca *ca, const struct ca_subject *to,
                 unsigned days, time_t now, struct report *report, struct error *err)
{
    const struct cert *issuer = chain_leaf(&ca->chain);
    struct issue plan = {.subject = to->subject,
                         .spki = to->spki,
                         .san = to->san,
                         .issuer = issuer,
                         .signer = &ca->key,
                         .from = now - CA_PREDATE_SECONDS,
                         .until = now + (time_t)days * DAY_SECONDS};

    if (!ca_is_in_date(ca, now, err))
        return false;
    if (plan.until > issuer->not_after.at)
        plan.until = issuer->not_after.at;
    plan.ku = to->ku != 0 ? to->ku & LEAF_KU : ku_by_key(to->key);
    plan.eku = to->eku != 0 ? to->eku & LEAF_EKU : BOTH_EKU;
    if (!issue_into(out, &plan, err))
        return false;
    for (size_t i = 0; i < ca->chain.n; i++)
        if (!chain_add_der(out, buf_span(&ca->chain.cert[i].der), err))
            return false;
    return judge(out, plan.eku, now, report, err);
}

bool ca_issue(struct chain *out, const struct ca *ca, const struct csr *csr, unsigned days,
              time_t now, struct report *report, struct error *err)
{
    const struct ca_subject to = {.subject = csr->subject,
                                  .spki = csr->spki,
                                  .san = csr->san,
                                  .key = csr->key,
                                  .ku = csr->ku,
                                  .eku = csr->eku};

    if (csr->asks_for_ca)
        return fail(err, E_CSR_WANTS_CA, "%s", csr->subject_text);
    return ca_issue_to(out, ca, &to, days, now, report, err);
}

/* The same name, or one is the other up to its first dot. */
static bool is_one_machine(const char *a, const char *b)
{
    const size_t n = strcspn(a, "."), m = strcspn(b, ".");

    if (strcasecmp(a, b) == 0)
        return true;
    return (a[n] == '\0' || b[m] == '\0') && n == m && strncasecmp(a, b, n) == 0;
}

bool ca_names_one_machine(struct span san, struct error *err)
{
    char first[CERT_TEXT_MAX] = "", next[CERT_TEXT_MAX];
    struct general_name name = {0};

    while (general_find(&name, &san, GENERAL_DNS)) {
        if (!text_copy_span(next, sizeof(next), name.value))
            return fail(err, E_CA_HOSTS, "a name of %zu bytes", name.value.n);
        if (first[0] != '\0' && !is_one_machine(first, next))
            return fail(err, E_CA_HOSTS, "%s and %s", first, next);
        if (strlen(next) > strlen(first))
            (void)text_fits(first, next);
    }
    return true;
}

bool ca_self_sign(struct chain *out, const struct key *key, const char *name, time_t now,
                  struct error *err)
{
    scoped(buf_clear) struct buf subject = buf_upto(CERT_TEXT_MAX);
    scoped(buf_clear) struct buf san = buf_upto(CERT_TEXT_MAX + 64);
    struct issue plan = {.signer = key,
                         .from = now - CA_PREDATE_SECONDS,
                         .until = now + CA_SELF_SIGNED_DAYS * DAY_SECONDS,
                         .ku = ku_by_key(key->kind),
                         .eku = BOTH_EKU};

    if (!csr_name_is_exact(name))
        return fail(err, E_CSR_NAME, "%s", name);
    if (!issue_name(&subject, name, err) || !csr_add_general_name(&san, name, err))
        return false;
    plan.subject = buf_span(&subject);
    plan.san = buf_span(&san);
    plan.spki = buf_span(&key->spki);
    return issue_into(out, &plan, err);
}
