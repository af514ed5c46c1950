/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both ways of AES-GCM give the same bytes and refuse the same. */
#include "pairing/tls_bulk.h"

#include "base/digest.h"
#include "base/mem.h"
#include "tests/support/run.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/aes.h>

#include <CUnit/CUnit.h>
#include <string.h>

#define RECORD_MAX (16384 + 256) /* RFC 8446 5.2 */
#define NONCE 12
#define HEAD 5
#define TAG 16

static const word32 key_sizes[] = {AES_128_KEY_SIZE, AES_192_KEY_SIZE, AES_256_KEY_SIZE};
static const word32 lengths[] = {1, 15, 2047, 2048, 2049, 4096, 16383, 16384, RECORD_MAX};

/* One record under one key, by either device. */
struct record {
    unsigned char key[AES_256_KEY_SIZE], nonce[NONCE], head[HEAD];
    unsigned char plain[RECORD_MAX], sealed[RECORD_MAX], tag[TAG];
};

static struct record *some_record(void)
{
    struct record *record = mem_zeroed(1, sizeof(*record));
    struct error err = {0};

    CU_ASSERT_FATAL(random_fill(record->key, sizeof(record->key), &err));
    CU_ASSERT_FATAL(random_fill(record->nonce, sizeof(record->nonce), &err));
    CU_ASSERT_FATAL(random_fill(record->head, sizeof(record->head), &err));
    CU_ASSERT_FATAL(random_fill(record->plain, sizeof(record->plain), &err));
    return record;
}

static void begin(Aes *aes, int device, const struct record *record, word32 key_n)
{
    CU_ASSERT_EQUAL_FATAL(wc_AesInit(aes, NULL, device), 0);
    CU_ASSERT_EQUAL_FATAL(wc_AesGcmSetKey(aes, record->key, key_n), 0);
}

static void seal(struct record *record, Aes *aes, word32 n)
{
    CU_ASSERT_EQUAL(wc_AesGcmEncrypt(aes, record->sealed, record->plain, n, record->nonce,
                                     NONCE, record->tag, TAG, record->head, HEAD),
                    0);
}

static int unseal(const struct record *record, Aes *aes, unsigned char *out, word32 n)
{
    return wc_AesGcmDecrypt(aes, out, record->sealed, n, record->nonce, NONCE, record->tag,
                            TAG, record->head, HEAD);
}

static void every_length_is_sealed_as_wolfcrypt_does_it(void)
{
    for (size_t k = 0; k < COUNT(key_sizes); k++)
        for (size_t i = 0; i < COUNT(lengths); i++) {
            struct record *one = some_record(), *other = mem_zeroed(1, sizeof(*other));
            Aes bulk, own;

            *other = *one;
            begin(&bulk, tls_bulk_device(), one, key_sizes[k]);
            begin(&own, INVALID_DEVID, one, key_sizes[k]);
            seal(one, &bulk, lengths[i]);
            seal(other, &own, lengths[i]);
            CU_ASSERT_EQUAL(memcmp(one->sealed, other->sealed, lengths[i]), 0);
            CU_ASSERT_EQUAL(memcmp(one->tag, other->tag, TAG), 0);
            CU_ASSERT_EQUAL(unseal(one, &own, other->sealed, lengths[i]), 0);
            CU_ASSERT_EQUAL(unseal(one, &bulk, one->sealed, lengths[i]), 0); /* in place */
            CU_ASSERT_EQUAL(memcmp(one->sealed, one->plain, lengths[i]), 0);
            CU_ASSERT_EQUAL(memcmp(other->sealed, one->plain, lengths[i]), 0);
            wc_AesFree(&bulk);
            wc_AesFree(&own);
            mem_free(one);
            mem_free(other);
        }
}

static void what_was_altered_is_refused_and_not_shown(void)
{
    static const word32 n = 16384;
    struct record *record = some_record();
    unsigned char *out = mem_zeroed(1, RECORD_MAX);
    unsigned char *const parts[] = {record->sealed, &record->sealed[n - 1],
                                    record->tag,    &record->tag[TAG - 1],
                                    record->nonce,  record->head};
    Aes aes;

    begin(&aes, tls_bulk_device(), record, AES_128_KEY_SIZE);
    seal(record, &aes, n);
    for (size_t i = 0; i < COUNT(parts); i++) {
        *parts[i] ^= 1;
        memcpy(out, record->plain, n);
        CU_ASSERT_EQUAL(unseal(record, &aes, out, n), AES_GCM_AUTH_E);
        if (aes.devCtx != NULL) /* wolfCrypt's own leaves that to its caller */
            CU_ASSERT_NOT_EQUAL(memcmp(out, record->plain, n), 0);
        *parts[i] ^= 1;
    }
    CU_ASSERT_EQUAL(unseal(record, &aes, out, n), 0);
    CU_ASSERT_EQUAL(memcmp(out, record->plain, n), 0);
    wc_AesFree(&aes);
    mem_free(out);
    mem_free(record);
}

static void a_key_that_is_set_again_counts(void)
{
    static const word32 n = 4096;
    struct record *first = some_record(), *second = some_record();
    unsigned char *out = mem_zeroed(1, RECORD_MAX);
    Aes aes, own;

    begin(&aes, tls_bulk_device(), first, AES_128_KEY_SIZE);
    seal(first, &aes, n);
    CU_ASSERT_EQUAL_FATAL(wc_AesGcmSetKey(&aes, second->key, AES_256_KEY_SIZE), 0);
    seal(second, &aes, n);
    begin(&own, INVALID_DEVID, second, AES_256_KEY_SIZE);
    CU_ASSERT_EQUAL(unseal(second, &own, out, n), 0);
    CU_ASSERT_EQUAL(memcmp(out, second->plain, n), 0);
    CU_ASSERT_EQUAL_FATAL(wc_AesGcmSetKey(&aes, first->key, AES_128_KEY_SIZE), 0);
    CU_ASSERT_EQUAL(unseal(first, &aes, out, n), 0);
    CU_ASSERT_EQUAL(memcmp(out, first->plain, n), 0);
    wc_AesFree(&own);
    wc_AesFree(&aes);
    mem_free(out);
    mem_free(first);
    mem_free(second);
}

/* Whether it is used at all, where the processor can. */
static void long_records_are_its_own(void)
{
    struct record *record = some_record();
    bool able = false;
    Aes aes;

#if defined(__x86_64__) && defined(PAIRGATE_IPSEC_MB)
    able = __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("vpclmulqdq");
#endif
    begin(&aes, tls_bulk_device(), record, AES_128_KEY_SIZE);
    seal(record, &aes, 2047);
    CU_ASSERT_PTR_NULL(aes.devCtx);
    seal(record, &aes, 16384);
    CU_ASSERT_EQUAL(aes.devCtx != NULL, able);
    wc_AesFree(&aes);
    CU_ASSERT_PTR_NULL(aes.devCtx);
    mem_free(record);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_length_is_sealed_as_wolfcrypt_does_it),
        TEST(what_was_altered_is_refused_and_not_shown),
        TEST(a_key_that_is_set_again_counts),
        TEST(long_records_are_its_own),
    };

    return wolfSSL_Init() == WOLFSSL_SUCCESS ? run_tests("tls_bulk", tests, COUNT(tests))
                                             : 1;
}
