/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The small built-in CA, in DIR/ca/: key.pem (0600, or encrypted like all keys) and
 * chain.pem of what issues, and with an intermediate root-key.pem, which is not needed
 * again. Every output is a full chain.
 */
#pragma once

#include "base/error.h"
#include "certs/chain.h"
#include "certs/csr.h"
#include "certs/key.h"

#define CA_DIR "ca"
#define CA_PREDATE_SECONDS 600 /* clocks differ: certificates begin ten minutes ago */
#define CA_ROOT_DAYS 7300
#define CA_INTERMEDIATE_DAYS 3650
#define CA_LEAF_DAYS 365
#define CA_SELF_SIGNED_DAYS 825
#define CA_DAYS_MAX 36500

struct ca {
    struct key key;
    struct chain chain; /* what issues first, root last */
};

struct ca_plan {
    const char *name; /* common name of the root */
    enum key_choice key;
    bool intermediate;
    time_t now;
};
must_check bool ca_init(int state, const struct ca_plan *plan, struct error *err);
must_check bool ca_load(struct ca *out, int state, struct error *err);
/* The chain alone, for those who only look: no key is read, no passphrase needed. */
must_check bool ca_load_chain(struct chain *out, int state, struct error *err);
/* Everything that makes a CA into a folder; its keys encrypted when the state says so
 * (certs/sealed.h). `root_key` NULL: what issues is the root, or the root is another's. */
must_check bool ca_write(int state, int dir, const struct chain *chain,
                         const struct key *key, const struct key *root_key,
                         struct error *err);
/* Who the leaf is for. Borrowed. */
struct ca_subject {
    struct span subject; /* Name, with its SEQUENCE header */
    struct span spki;
    struct span san; /* GeneralNames contents */
    enum key_kind key;
    unsigned ku, eku; /* 0: by the key; both */
};
/* One machine has one name and its short form; two names are two machines (C-10). */
must_check bool ca_names_one_machine(struct span san, struct error *err);
/*
 * Leaf and full chain for a request. What our own rules would refuse at upload is not
 * issued: E_CA_REFUSES, with the findings in `report`. `days` is cut to the CA's own end.
 */
must_check bool ca_issue(struct chain *out, const struct ca *ca, const struct csr *csr,
                         unsigned days, time_t now, struct report *report,
                         struct error *err);
must_check bool ca_issue_to(struct chain *out, const struct ca *ca,
                            const struct ca_subject *to, unsigned days, time_t now,
                            struct report *report, struct error *err);
/* One self-signed end-entity certificate for `name`, for `init`. */
must_check bool ca_self_sign(struct chain *out, const struct key *key, const char *name,
                             time_t now, struct error *err);
void ca_clear(struct ca *ca);
