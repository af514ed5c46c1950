/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A CA of openssl's making revokes one of two leaves; the ladders are asked about it. */
#include "base/fs.h"
#include "pairing/revocation.h"
#include "tests/support/run.h"
#include "tests/support/scratch.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const char making[] =
    "set -e; exec >log 2>&1; export OPENSSL_CONF=c;"
    "printf '%s\\n' '[ca]' 'default_ca=d' '[d]' 'database=index' 'serial=serial'"
    " 'new_certs_dir=.' 'default_md=sha256' 'policy=p' 'default_days=300'"
    " 'default_crl_days=20' 'crlnumber=number' 'crl_extensions=x' '[p]' 'commonName=supplied'"
    " '[x]' 'authorityKeyIdentifier=keyid' '[req]' 'distinguished_name=n' '[n]'"
    " '[target]' 'crlDistributionPoints=URI:http://ca.test/2' '[source]'"
    " 'crlDistributionPoints=URI:http://ca.test/1' '[part]' 'authorityKeyIdentifier=keyid'"
    " 'issuingDistributionPoint=critical,@point' '[point]' 'fullname=URI:http://ca.test/3,URI:http://ca.test/1'"
    " >c;"
    ": >index; echo 01 >serial; echo 01 >number;"
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key"
    " -out ca.pem -subj /CN=Root -days 3000 -addext basicConstraints=critical,CA:TRUE"
    " -addext keyUsage=critical,keyCertSign,cRLSign -addext subjectKeyIdentifier=hash;"
    "for n in source target; do"
    " openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $n.key"
    " -out $n.csr -subj /CN=$n;"
    " openssl ca -batch -cert ca.pem -keyfile ca.key -in $n.csr -out $n.pem -notext"
    "  -extensions $n;"
    " cp $n.pem $n.alone; cat ca.pem >>$n.pem; done;"
    "openssl ca -gencrl -cert ca.pem -keyfile ca.key -out good.crl;"
    "openssl ca -gencrl -cert ca.pem -keyfile ca.key -md sha1 -out weak.crl;"
    "openssl ca -gencrl -cert ca.pem -keyfile ca.key -crlexts part -out part.crl;"
    "openssl ca -revoke target.pem -cert ca.pem -keyfile ca.key;"
    "openssl ca -gencrl -cert ca.pem -keyfile ca.key -out bad.crl;"
    "openssl ca -gencrl -cert ca.pem -keyfile ca.key -md sha1 -out weak-bad.crl";

struct site {
    struct scratch dir;
    struct chain source, target;
    struct trust trust;
    struct ladder ladder;
    struct crls lists;
    struct held_crl item;
    struct held_crls held; /* of the one list, or empty */
    struct report report;
};

static void load_chain(struct chain *out, const struct scratch *dir, const char *name)
{
    scoped(buf_clear) struct buf pem = buf_upto(CHAIN_FILE_MAX);
    struct error err = {0};

    CU_ASSERT_FATAL(fs_read_at(&pem, dir->fd, name, &err));
    CU_ASSERT_FATAL(chain_parse(out, buf_span(&pem), &err));
}

static void site_make(struct site *site)
{
    *site = (struct site){0};
    scratch_make(&site->dir);
    CU_ASSERT_FATAL(scratch_shell(&site->dir, making));
    load_chain(&site->source, &site->dir, "source.pem");
    load_chain(&site->target, &site->dir, "target.pem");
    ladder_lay(&site->ladder, &site->source, &site->target, SIDE_SOURCE, &site->trust);
}

static void hold_list(struct site *site, const char *name)
{
    scoped(buf_clear) struct buf file = buf_upto(CRL_FILE_MAX);
    struct error err = {0};

    crls_clear(&site->lists);
    CU_ASSERT_FATAL(fs_read_at(&file, site->dir.fd, name, &err));
    CU_ASSERT_FATAL(crls_parse(&site->lists, buf_span(&file), &err));
    site->item = (struct held_crl){.crl = site->lists.item[0]};
    site->item.issuer_key = chain_root(&site->source)->spki_sha256;
    site->held = (struct held_crls){.item = &site->item, .n = 1};
}

static void judge(struct site *site, bool required, time_t later)
{
    report_clear(&site->report);
    revocation_judge(&site->ladder, &site->held, required,
                     site->ladder.source.cert[0]->not_before.at + later, &site->report);
}

static void site_clear(struct site *site)
{
    report_clear(&site->report);
    crls_clear(&site->lists);
    chain_clear(&site->source);
    chain_clear(&site->target);
    scratch_clear(&site->dir);
}

static void a_revoked_rung_is_an_error_on_its_side(void)
{
    scoped(site_clear) struct site site;
    const struct error *finding;

    site_make(&site);
    hold_list(&site, "bad.crl");
    judge(&site, false, 3600);
    finding = report_find(&site.report, E_RUNG_REVOKED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT(finding->side == SIDE_TARGET && finding->rung == 0);
    CU_ASSERT_EQUAL(site.report.n, 1);
}

static void a_list_that_names_nobody_is_silent(void)
{
    scoped(site_clear) struct site site;

    site_make(&site);
    hold_list(&site, "good.crl");
    judge(&site, true, 3600);
    CU_ASSERT_EQUAL(site.report.n, 0);
}

static void an_old_list_warns_and_is_refused_when_one_is_required(void)
{
    scoped(site_clear) struct site site;
    const time_t month = 31 * 86400;

    site_make(&site);
    hold_list(&site, "good.crl");
    judge(&site, false, month);
    CU_ASSERT_EQUAL(report_find(&site.report, E_RUNG_CRL_OLD)->severity, SEVERITY_WARNING);
    judge(&site, true, month);
    CU_ASSERT_EQUAL(report_find(&site.report, E_RUNG_CRL_OLD)->severity, SEVERITY_ERROR);
}

static void no_list_is_a_note_and_is_refused_when_one_is_required(void)
{
    scoped(site_clear) struct site site;

    site_make(&site);
    judge(&site, false, 3600);
    CU_ASSERT_EQUAL(site.report.n, 2);
    CU_ASSERT_EQUAL(report_errors(&site.report), 0);
    CU_ASSERT_EQUAL(report_find(&site.report, E_RUNG_CRL_NONE)->severity, SEVERITY_NOTE);
    judge(&site, true, 3600);
    CU_ASSERT_EQUAL(report_errors(&site.report), 2);
}

/* As one version kept it: anybody may have made another that has this signature. */
static void a_weakly_signed_list_is_none(void)
{
    scoped(site_clear) struct site site;

    site_make(&site);
    hold_list(&site, "weak.crl");
    judge(&site, true, 3600);
    CU_ASSERT_EQUAL(report_errors(&site.report), 2);
    CU_ASSERT_PTR_NOT_NULL(report_find(&site.report, E_RUNG_CRL_NONE));
    chain_clear(&site.target);
    load_chain(&site.target, &site.dir, "target.alone");
    ladder_lay(&site.ladder, &site.source, &site.target, SIDE_SOURCE, &site.trust);
    hold_list(&site, "weak-bad.crl");
    judge(&site, false, 3600);
    CU_ASSERT_PTR_NULL(report_find(&site.report, E_RUNG_REVOKED));
}

/* Of one point of the CA: whole for whom it says so, and for others no list. */
static void a_part_of_a_list_is_none_for_those_of_another_point(void)
{
    scoped(site_clear) struct site site;
    const struct error *finding;

    site_make(&site);
    hold_list(&site, "part.crl");
    judge(&site, true, 3600);
    CU_ASSERT_EQUAL(site.report.n, 1);
    finding = report_find(&site.report, E_RUNG_CRL_NONE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT(finding->side == SIDE_TARGET && finding->severity == SEVERITY_ERROR);
    judge(&site, false, 3600);
    CU_ASSERT_EQUAL(report_find(&site.report, E_RUNG_CRL_NONE)->severity, SEVERITY_NOTE);
}

/* Who leaves its issuer out of the chain, as a pinned peer may, is not out of its reach. */
static void a_rung_without_its_issuer_is_asked_about_by_name(void)
{
    scoped(site_clear) struct site site;
    const struct error *finding;

    site_make(&site);
    chain_clear(&site.target);
    load_chain(&site.target, &site.dir, "target.alone");
    ladder_lay(&site.ladder, &site.source, &site.target, SIDE_SOURCE, &site.trust);
    hold_list(&site, "bad.crl");
    judge(&site, false, 3600);
    finding = report_find(&site.report, E_RUNG_REVOKED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT(finding->side == SIDE_TARGET && finding->rung == 0);
    hold_list(&site, "good.crl");
    judge(&site, true, 3600);
    CU_ASSERT_EQUAL(site.report.n, 1);
    finding = report_find(&site.report, E_RUNG_CRL_ALONE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT(finding->side == SIDE_TARGET && finding->severity == SEVERITY_ERROR);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_revoked_rung_is_an_error_on_its_side),
        TEST(a_list_that_names_nobody_is_silent),
        TEST(an_old_list_warns_and_is_refused_when_one_is_required),
        TEST(no_list_is_a_note_and_is_refused_when_one_is_required),
        TEST(a_weakly_signed_list_is_none),
        TEST(a_part_of_a_list_is_none_for_those_of_another_point),
        TEST(a_rung_without_its_issuer_is_asked_about_by_name),
    };

    return run_tests("revocation", tests, COUNT(tests));
}
