/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/adopt.h"
#include "agent/published_doc.h"
#include "base/text.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <string.h>

#define DAY ((time_t)86400)

/* An appliance of this name with a chain below the root. */
struct site {
    struct scratch scratch;
    struct state state;
};

static void site_make(struct site *out, const struct root *root, const char *name)
{
    scoped(key_clear) struct key key = key_none();
    scoped(buf_clear) struct buf pem = buf_upto(CSR_PEM_MAX);
    scoped(csr_clear) struct csr csr = {0};
    scoped(report_clear) struct report report = {0};
    scoped(chain_clear) struct chain chain = {0};
    struct csr_wish wish = {.common_name = name, .san = &name, .sans = 1};
    unsigned number = 0;
    struct error err = {0};

    *out = (struct site){0};
    scratch_make(&out->scratch);
    CU_ASSERT_FATAL(state_make(&out->state, out->scratch.path, &err));
    CU_ASSERT_FATAL(csr_profile_named(&wish.profile, "migration", &err));
    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(csr_make(&pem, &wish, &key, &err));
    CU_ASSERT_FATAL(csr_parse(&csr, buf_span(&pem), &err));
    CU_ASSERT_FATAL(ca_issue(&chain, &root->ca, &csr, 365, AT_NOON, &report, &err));
    CU_ASSERT_FATAL(identity_install(&number, out->state.fd, &key, &chain, IDENTITY_CHAIN,
                                     "a test", &err));
}

static void site_clear(struct site *site)
{
    state_close(&site->state);
    scratch_clear(&site->scratch);
}

static void publish(const struct site *site, const struct root *root)
{
    scoped(published_clear) struct published own = {0};
    scoped(entry_clear) struct entry entry = {0};
    const struct entry *renews = NULL;
    bool changed = false;
    struct error err = {0};

    CU_ASSERT_FATAL(published_load_own(&own, site->state.fd, &err));
    root_entry(&entry, root, STORE_ROOTS, NULL);
    CU_ASSERT_FATAL(published_add(&own, &entry, &renews, &changed, &err));
    CU_ASSERT_FATAL(published_save_own(site->state.fd, &own, &err));
}

static void sign(struct buf *document, const struct site *site, time_t now)
{
    scoped(published_clear) struct published list = {0};
    const struct export_wish wish = {.now = now, .days = 30};
    struct error err = {0};

    *document = buf_upto(DOCUMENT_BYTES_MAX);
    CU_ASSERT_FATAL(adopt_export(document, &list, site->state.fd, &wish, &err));
}

static enum msg adopt(struct site *site, const struct buf *document, time_t now)
{
    scoped(published_clear) struct published list = {0};
    const struct adopt_wish wish = {.now = now};
    struct error err = {0};

    return adopt_document(&list, &site->state, buf_span(document), &wish, &err) ? E_NONE
                                                                                : err.msg;
}

static void a_list_is_carried_and_a_lower_number_refused(void)
{
    scoped(root_clear) struct root root = {0}, one = {0}, two = {0};
    scoped(site_clear) struct site from = {0}, to = {0};
    scoped(buf_clear) struct buf first = {0}, second = {0};

    root_make(&root, "Root");
    root_make(&one, "One");
    root_make(&two, "Two");
    site_make(&from, &root, "from.example.com");
    site_make(&to, &root, "to.example.com");
    publish(&from, &one);
    sign(&first, &from, AT_NOON);
    publish(&from, &two);
    sign(&second, &from, AT_NOON);
    CU_ASSERT_EQUAL(adopt(&to, &first, AT_NOON), E_NONE);
    CU_ASSERT_EQUAL(adopt(&to, &second, AT_NOON), E_NONE);
    CU_ASSERT_EQUAL(adopt(&to, &second, AT_NOON), E_NONE);
    CU_ASSERT_EQUAL(adopt(&to, &first, AT_NOON), E_PUBLISHED_OLD);
    CU_ASSERT_EQUAL(adopt(&from, &second, AT_NOON), E_PUBLISHED_SIGNER);
}

static void a_signer_without_an_anchor_is_refused(void)
{
    scoped(root_clear) struct root root = {0}, other = {0};
    scoped(site_clear) struct site from = {0}, to = {0};
    scoped(buf_clear) struct buf document = {0};

    root_make(&root, "Root");
    root_make(&other, "Other");
    site_make(&from, &other, "from.example.com");
    site_make(&to, &root, "to.example.com");
    publish(&from, &other);
    sign(&document, &from, AT_NOON);
    CU_ASSERT_EQUAL(adopt(&to, &document, AT_NOON), E_PUBLISHED_SIGNER);
}

static void a_list_or_signer_out_of_date_is_refused(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(site_clear) struct site from = {0}, to = {0};
    scoped(buf_clear) struct buf document = {0};

    root_make(&root, "Root");
    site_make(&from, &root, "from.example.com");
    site_make(&to, &root, "to.example.com");
    publish(&from, &root);
    sign(&document, &from, AT_NOON);
    CU_ASSERT_EQUAL(adopt(&to, &document, AT_NOON + 31 * DAY), E_PUBLISHED_OVER);
    CU_ASSERT_EQUAL(adopt(&to, &document, AT_NOON - 400), E_PUBLISHED_OVER);
    CU_ASSERT_EQUAL(adopt(&to, &document, AT_NOON - 100), E_NONE);
    CU_ASSERT_EQUAL(adopt(&to, &document, AT_NOON + 366 * DAY), E_PUBLISHED_SIGNER);
}

static bool kept_is(const struct site *site, struct span body)
{
    scoped(published_lists_clear) struct published_lists lists = {0};
    scoped(buf_clear) struct buf text = buf_upto(PUBLISHED_BYTES_MAX);
    struct error err = {0};

    CU_ASSERT_FATAL(published_load_all(&lists, site->state.fd, &err));
    CU_ASSERT_EQUAL_FATAL(lists.n, 1);
    CU_ASSERT_FATAL(published_print(&text, &lists.list[0], &err));
    return span_equal(buf_span(&text), body);
}

/* Characters changed in turn: whatever is adopted (issuers in the chain are not signed, our
 * own anchor is what counts) is the list that was signed. */
static void no_changed_list_is_adopted(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(site_clear) struct site from = {0}, to = {0};
    scoped(buf_clear) struct buf document = {0};
    scoped(buf_clear) struct buf body = buf_upto(PUBLISHED_BYTES_MAX);
    scoped(published_lists_clear) struct published_lists lists = {0};
    struct error err = {0};

    root_make(&root, "Root");
    site_make(&from, &root, "from.example.com");
    site_make(&to, &root, "to.example.com");
    publish(&from, &root);
    sign(&document, &from, AT_NOON);
    CU_ASSERT_EQUAL_FATAL(adopt(&to, &document, AT_NOON), E_NONE);
    CU_ASSERT_FATAL(published_load_all(&lists, to.state.fd, &err));
    CU_ASSERT_FATAL(published_print(&body, &lists.list[0], &err));
    for (size_t i = 0; i + 1 < document.n; i += 7) {
        const unsigned char was = document.at[i];

        document.at[i] = was == 'A' ? 'B' : 'A';
        if (adopt(&to, &document, AT_NOON) == E_NONE)
            CU_ASSERT(kept_is(&to, buf_span(&body)));
        document.at[i] = was;
    }
}

static void an_anchor_of_our_name_with_another_key_needs_a_word(void)
{
    scoped(root_clear) struct root root = {0}, twin = {0};
    scoped(site_clear) struct site from = {0}, to = {0};
    scoped(buf_clear) struct buf document = {0};
    scoped(published_clear) struct published list = {0};
    const struct adopt_wish wish = {.now = AT_NOON, .confirmed = true};
    struct error err = {0};

    root_make(&root, "Root");
    root_make(&twin, "Root");
    site_make(&from, &root, "from.example.com");
    site_make(&to, &root, "to.example.com");
    publish(&from, &twin);
    sign(&document, &from, AT_NOON);
    CU_ASSERT_EQUAL(adopt(&to, &document, AT_NOON), E_ANCHOR_TWIN);
    CU_ASSERT(adopt_document(&list, &to.state, buf_span(&document), &wish, &err));
}

static void a_list_stays_its_publishers(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(site_clear) struct site from = {0}, thief = {0}, to = {0};
    scoped(published_clear) struct published own = {0}, stolen = {0};
    scoped(buf_clear) struct buf document = {0}, forged = {0};
    struct error err = {0};

    root_make(&root, "Root");
    site_make(&from, &root, "from.example.com");
    site_make(&thief, &root, "thief.example.com");
    site_make(&to, &root, "to.example.com");
    publish(&from, &root);
    sign(&document, &from, AT_NOON);
    CU_ASSERT_EQUAL(adopt(&to, &document, AT_NOON), E_NONE);
    CU_ASSERT_FATAL(published_load_own(&own, from.state.fd, &err));
    CU_ASSERT_FATAL(published_load_own(&stolen, thief.state.fd, &err));
    (void)text_fits(stolen.list, own.list);
    stolen.sequence = 900;
    CU_ASSERT_FATAL(published_save_own(thief.state.fd, &stolen, &err));
    sign(&forged, &thief, AT_NOON);
    CU_ASSERT_EQUAL(adopt(&to, &forged, AT_NOON), E_PUBLISHED_MOVED);
}

static void the_publisher_learns_who_holds_what(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(site_clear) struct site from = {0}, to = {0};
    scoped(buf_clear) struct buf document = {0};
    scoped(buf_clear) struct buf record = buf_upto(DOCUMENT_BYTES_MAX);
    scoped(holdings_clear) struct holdings held = {0};
    scoped(published_clear) struct published own = {0};
    struct holding holding = {0}, none = {0};
    unsigned sequence = 0;
    struct error err = {0}, kind = {0};

    root_make(&root, "Root");
    site_make(&from, &root, "from.example.com");
    site_make(&to, &root, "to.example.com");
    publish(&from, &root);
    sign(&document, &from, AT_NOON);
    CU_ASSERT_EQUAL(adopt(&to, &document, AT_NOON), E_NONE);
    CU_ASSERT_FATAL(adopt_export_holding(&record, to.state.fd, AT_NOON, &err));
    CU_ASSERT_FATAL(
        adopt_import_holding(&holding, from.state.fd, buf_span(&record), AT_NOON, &err));
    CU_ASSERT_FATAL(holdings_load(&held, from.state.fd, &err));
    CU_ASSERT_FATAL(published_load_own(&own, from.state.fd, &err));
    CU_ASSERT_EQUAL_FATAL(held.n, 1);
    CU_ASSERT(holding_of(&sequence, &held.item[0], own.list));
    CU_ASSERT_EQUAL(sequence, 1);
    CU_ASSERT_STRING_EQUAL(held.item[0].holder, "CN=to.example.com");
    CU_ASSERT_FALSE(
        adopt_import_holding(&none, from.state.fd, buf_span(&document), AT_NOON, &kind));
    CU_ASSERT_EQUAL(kind.msg, E_PUBLISHED_FORM);
    CU_ASSERT_EQUAL(adopt(&from, &record, AT_NOON), E_PUBLISHED_FORM);
}

/* Signed by its own key, under the name of another appliance. */
static void who_holds_it_is_who_signs(void)
{
    scoped(root_clear) struct root root = {0};
    scoped(site_clear) struct site from = {0}, liar = {0};
    scoped(identity_clear) struct identity identity = {0};
    scoped(buf_clear) struct buf body = buf_upto(HOLDING_BYTES_MAX);
    scoped(buf_clear) struct buf record = buf_upto(DOCUMENT_BYTES_MAX);
    struct holding holding = {.holder = "CN=to.example.com", .at = AT_NOON}, out = {0};
    struct error err = {0}, why = {0};

    root_make(&root, "Root");
    site_make(&from, &root, "from.example.com");
    site_make(&liar, &root, "liar.example.com");
    CU_ASSERT_FATAL(identity_load(&identity, liar.state.fd, true, &err));
    holding.key = chain_leaf(&identity.chain)->spki_sha256;
    CU_ASSERT_FATAL(holding_print(&body, &holding, &err));
    CU_ASSERT_FATAL(
        document_sign(&record, DOCUMENT_HOLDING, buf_span(&body), &identity, &err));
    CU_ASSERT_FALSE(
        adopt_import_holding(&out, from.state.fd, buf_span(&record), AT_NOON, &why));
    CU_ASSERT_EQUAL(why.msg, E_PUBLISHED_SIGNER);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_list_is_carried_and_a_lower_number_refused),
        TEST(a_signer_without_an_anchor_is_refused),
        TEST(a_list_or_signer_out_of_date_is_refused),
        TEST(no_changed_list_is_adopted),
        TEST(an_anchor_of_our_name_with_another_key_needs_a_word),
        TEST(a_list_stays_its_publishers),
        TEST(the_publisher_learns_who_holds_what),
        TEST(who_holds_it_is_who_signs),
    };

    return run_tests("adopt", tests, COUNT(tests));
}
