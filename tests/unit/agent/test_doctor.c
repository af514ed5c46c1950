/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/doctor.h"
#include "base/fs.h"
#include "certs/tomb.h"
#include "tests/support/roots.h"
#include "tests/support/run.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY ((time_t)86400)

/* A self-signed appliance; its files are of today, so that AT_NOON is in their future. */
struct patient {
    struct scratch scratch;
    struct state state;
};

static void patient_make(struct patient *out)
{
    scoped(key_clear) struct key key = key_none();
    scoped(chain_clear) struct chain chain = {0};
    unsigned number = 0;
    struct error err = {0};

    *out = (struct patient){0};
    scratch_make(&out->scratch);
    CU_ASSERT_FATAL(state_make(&out->state, out->scratch.path, &err));
    CU_ASSERT_FATAL(key_make(&key, KEY_CHOICE_EC, &err));
    CU_ASSERT_FATAL(ca_self_sign(&chain, &key, "node.example.com", AT_NOON, &err));
    CU_ASSERT_FATAL(identity_install(&number, out->state.fd, &key, &chain,
                                     IDENTITY_SELF_SIGNED, "a test", &err));
}

static void patient_clear(struct patient *patient)
{
    state_close(&patient->state);
    scratch_clear(&patient->scratch);
}

static void examine(struct doctor *out, struct patient *patient, time_t now)
{
    const struct doctor_wish wish = {.now = now, .within = DOCTOR_WITHIN_SECONDS};

    doctor_examine(out, &patient->state, &wish);
}

static void a_self_signed_appliance_wants_attention(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(doctor_clear) struct doctor doctor = {0};

    patient_make(&patient);
    examine(&doctor, &patient, AT_NOON);
    CU_ASSERT_EQUAL(doctor_health(&doctor), HEALTH_ATTENTION);
    CU_ASSERT_PTR_NOT_NULL(report_find(&doctor.report, E_DOCTOR_SELF_SIGNED));
    CU_ASSERT_FALSE(doctor.has_fips_module);
}

static void an_end_in_sight_is_told_and_an_end_that_is_over(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(doctor_clear) struct doctor soon = {0}, over = {0};

    patient_make(&patient);
    examine(&soon, &patient, AT_NOON + (CA_SELF_SIGNED_DAYS - 10) * DAY);
    CU_ASSERT_PTR_NOT_NULL(report_find(&soon.report, E_DOCTOR_DAYS));
    CU_ASSERT_EQUAL(doctor_health(&soon), HEALTH_ATTENTION);
    examine(&over, &patient, AT_NOON + (CA_SELF_SIGNED_DAYS + 10) * DAY);
    CU_ASSERT_PTR_NOT_NULL(report_find(&over.report, E_DOCTOR_OVER));
    CU_ASSERT_EQUAL(doctor_health(&over), HEALTH_BROKEN);
    CU_ASSERT_EQUAL(doctor_days_left(chain_leaf(&over.identity.chain),
                                     AT_NOON + (CA_SELF_SIGNED_DAYS + 10) * DAY),
                    -10);
}

static void an_open_key_is_broken_and_an_open_file_untidy(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(report_clear) struct report clean = {0}, untidy = {0}, open = {0};

    patient_make(&patient);
    doctor_permissions(&clean, &patient.state);
    CU_ASSERT_EQUAL(clean.n, 0);
    CU_ASSERT_FATAL(fchmodat(patient.state.fd, "identity/1/chain.pem", 0644, 0) == 0);
    doctor_permissions(&untidy, &patient.state);
    CU_ASSERT_EQUAL_FATAL(untidy.n, 1);
    CU_ASSERT_EQUAL(untidy.item[0].severity, SEVERITY_WARNING);
    CU_ASSERT_FATAL(fchmodat(patient.state.fd, "identity/1/chain.pem", 0600, 0) == 0);
    CU_ASSERT_FATAL(fchmodat(patient.state.fd, "identity/1/key.pem", 0640, 0) == 0);
    doctor_permissions(&open, &patient.state);
    CU_ASSERT_EQUAL_FATAL(open.n, 1);
    CU_ASSERT_EQUAL(open.item[0].severity, SEVERITY_ERROR);
}

static void a_backup_that_is_cut_short_is_told(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(report_clear) struct report well = {0}, hurt = {0};
    scoped(fd_close) int chain = -1;

    patient_make(&patient);
    doctor_damage(&well, &patient.state);
    CU_ASSERT_EQUAL(well.n, 0);
    chain = openat(patient.state.fd, "identity/1/chain.pem", O_WRONLY);
    CU_ASSERT_FATAL(chain >= 0 && ftruncate(chain, 100) == 0);
    doctor_damage(&hurt, &patient.state);
    CU_ASSERT_EQUAL_FATAL(hurt.n, 1);
    CU_ASSERT_EQUAL(hurt.item[0].msg, E_DOCTOR_DAMAGED);
    CU_ASSERT_PTR_EQUAL(strstr(hurt.item[0].about, "identity/1"), hurt.item[0].about);
    CU_ASSERT_PTR_NULL(strstr(hurt.item[0].about + 1, "identity/1")); /* told once */
}

static void a_database_that_was_emptied_is_not_taken_for_new(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(report_clear) struct report hurt = {0};
    struct error err = {0};

    patient_make(&patient);
    CU_ASSERT_FATAL(scratch_shell(&patient.scratch, ": >state.db"));
    CU_ASSERT_FALSE(state_open_db(&patient.state, &err));
    CU_ASSERT_EQUAL(err.msg, E_DB);
    doctor_damage(&hurt, &patient.state);
    CU_ASSERT_EQUAL_FATAL(hurt.n, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(hurt.item[0].about, "state.db"));
}

static void a_clock_before_everything_is_broken(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(doctor_clear) struct doctor doctor = {0};

    patient_make(&patient);
    examine(&doctor, &patient, 1000000000);
    CU_ASSERT_PTR_NOT_NULL(report_find(&doctor.report, E_DOCTOR_CLOCK));
    CU_ASSERT_EQUAL(doctor_health(&doctor), HEALTH_BROKEN);
}

static void without_an_identity_it_is_broken(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(doctor_clear) struct doctor doctor = {0};

    patient_make(&patient);
    CU_ASSERT_FATAL(scratch_shell(&patient.scratch, "rm identity/1/chain.pem"));
    examine(&doctor, &patient, AT_NOON);
    CU_ASSERT_FALSE(doctor.has_identity);
    CU_ASSERT_EQUAL(doctor_health(&doctor), HEALTH_BROKEN);
}

static void an_expired_anchor_is_a_note_when_it_was_renewed(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(root_clear) struct root root = {0};
    scoped(entry_clear) struct entry old = {0}, renewed = {0};
    scoped(doctor_clear) struct doctor alone = {0}, both = {0};
    const time_t late = AT_NOON + CA_ROOT_DAYS * DAY + 30;
    const struct doctor_wish wish = {.now = late};
    struct error err = {0};

    patient_make(&patient);
    root_make(&root, "Root");
    root_entry(&old, &root, STORE_ROOTS, "old");
    root_renew(&root); /* a minute later, so it ends a minute later */
    root_entry(&renewed, &root, STORE_ROOTS, "renewed");
    CU_ASSERT_FATAL(store_put(patient.state.fd, &old, &err));
    doctor_trust(&alone, patient.state.fd, &wish);
    CU_ASSERT_EQUAL_FATAL(alone.report.n, 1);
    CU_ASSERT_EQUAL(alone.report.item[0].severity, SEVERITY_WARNING);
    CU_ASSERT_FATAL(store_put(patient.state.fd, &renewed, &err));
    doctor_trust(&both, patient.state.fd, &wish);
    CU_ASSERT_EQUAL(both.anchors_over, 1);
    CU_ASSERT_EQUAL(report_errors(&both.report), 0);
}

static void a_backup_is_remembered(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(doctor_clear) struct doctor doctor = {0};
    struct error err = {0};

    patient_make(&patient);
    CU_ASSERT(doctor_backed_up(patient.state.fd, AT_NOON, &err));
    examine(&doctor, &patient, AT_NOON);
    CU_ASSERT_EQUAL(doctor.backed_up, AT_NOON);
    CU_ASSERT_PTR_NULL(report_find(&doctor.report, E_DOCTOR_BACKUP));
}

/* A root was trusted, and removed at noon. */
static void patient_without_a_root(struct patient *patient)
{
    scoped(root_clear) struct root root = {0};
    scoped(entry_clear) struct entry entry = {0};
    struct error err = {0};

    patient_make(patient);
    root_make(&root, "Root");
    root_entry(&entry, &root, STORE_ROOTS, "gone");
    CU_ASSERT_FATAL(store_put(patient->state.fd, &entry, &err) &&
                    tomb_lay(patient->state.fd, &entry, AT_NOON, &err));
}

static void what_was_removed_and_cannot_come_back_is_told(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(doctor_clear) struct doctor well = {0}, hurt = {0};
    const struct doctor_wish wish = {.now = AT_NOON};

    patient_without_a_root(&patient);
    doctor_trust(&well, patient.state.fd, &wish);
    CU_ASSERT_EQUAL(well.report.n, 0);
    CU_ASSERT_FATAL(scratch_shell(&patient.scratch, "sed -i 5d " REMOVED_DIR "/*.pem"));
    doctor_trust(&hurt, patient.state.fd, &wish);
    CU_ASSERT_EQUAL_FATAL(hurt.report.n, 1);
    CU_ASSERT_EQUAL(hurt.report.item[0].msg, E_DOCTOR_DAMAGED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hurt.report.item[0].about, REMOVED_DIR "/"));
}

static void one_under_another_s_name_is_told_too(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(doctor_clear) struct doctor hurt = {0};
    const struct doctor_wish wish = {.now = AT_NOON};

    patient_without_a_root(&patient);
    CU_ASSERT_FATAL(
        scratch_shell(&patient.scratch, "cd " REMOVED_DIR " && mv *.pem other.pem"));
    doctor_trust(&hurt, patient.state.fd, &wish);
    CU_ASSERT_EQUAL_FATAL(hurt.report.n, 1);
    CU_ASSERT_EQUAL(hurt.report.item[0].msg, E_DOCTOR_DAMAGED);
}

/* A plan that is none, and a page of a listing that is none. */
static void a_migration_that_cannot_be_gone_on_with_is_told(void)
{
    scoped(patient_clear) struct patient patient = {0};
    scoped(report_clear) struct report hurt = {0};

    patient_make(&patient);
    CU_ASSERT_FATAL(scratch_shell(&patient.scratch,
                                  "mkdir -p migrations/m-1 && echo >migrations/m-1/plan "
                                  "&& echo PGMP >migrations/m-1/manifest-1.000000"));
    doctor_damage(&hurt, &patient.state);
    CU_ASSERT_EQUAL_FATAL(hurt.n, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(hurt.item[0].about, "migrations/m-1/plan"));
    CU_ASSERT_PTR_NOT_NULL(strstr(hurt.item[1].about, "migrations/m-1/manifest-1"));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_self_signed_appliance_wants_attention),
        TEST(an_end_in_sight_is_told_and_an_end_that_is_over),
        TEST(an_open_key_is_broken_and_an_open_file_untidy),
        TEST(a_backup_that_is_cut_short_is_told),
        TEST(a_database_that_was_emptied_is_not_taken_for_new),
        TEST(a_clock_before_everything_is_broken),
        TEST(without_an_identity_it_is_broken),
        TEST(an_expired_anchor_is_a_note_when_it_was_renewed),
        TEST(a_backup_is_remembered),
        TEST(what_was_removed_and_cannot_come_back_is_told),
        TEST(one_under_another_s_name_is_told_too),
        TEST(a_migration_that_cannot_be_gone_on_with_is_told),
    };

    return run_tests("doctor", tests, COUNT(tests));
}
