/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pairing/tls_bulk.h"

#include "base/digest.h"
#include "base/mem.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#ifdef PAIRGATE_IPSEC_MB
#include <intel-ipsec-mb.h>
#include <pthread.h>
#include <string.h>

#define BULK_DEVICE 1
#define BULK_LEAST 2048 /* bytes: a shorter record does not start the engine */
#define TAG_BYTES 16
#define BULK_FEATURES (IMB_FEATURE_AVX512_SKX | IMB_FEATURE_VAES | IMB_FEATURE_VPCLMULQDQ)

/* What a struct Aes of wolfCrypt has here, in its devCtx. */
struct bulk_key {
    struct gcm_key_data expanded;
    unsigned char raw[AES_256_KEY_SIZE];
};

static IMB_MGR *engine; /* NULL: wolfCrypt is as good on this processor */

/* The compiler's question also asks whether the system keeps the registers. */
static void engine_start(void)
{
    IMB_MGR *made = __builtin_cpu_supports("avx512f") ? alloc_mb_mgr(0) : NULL;

    if (made == NULL)
        return;
    if ((made->features & BULK_FEATURES) == BULK_FEATURES) {
        init_mb_mgr_avx512(made);
        engine = imb_get_errno(made) == 0 ? made : NULL;
    }
    if (engine == NULL)
        free_mb_mgr(made);
}

static bool engine_runs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, engine_start);
    return engine != NULL;
}

static bool is_bulk(const Aes *aes, word32 n, word32 nonce, word32 tag)
{
    return n >= BULK_LEAST && nonce == GCM_NONCE_MID_SZ && tag == TAG_BYTES &&
           (aes->keylen == AES_128_KEY_SIZE || aes->keylen == AES_256_KEY_SIZE) &&
           engine_runs();
}

/* Expanded at its first record, and when it has been set again. */
static const struct gcm_key_data *key_of(Aes *aes)
{
    const size_t n = (size_t)aes->keylen;
    struct bulk_key *key = aes->devCtx;

    if (key == NULL)
        aes->devCtx = key = mem_aligned(sizeof(*key));
    else if (digest_same_secret(span_of(key->raw, n), span_of(aes->devKey, n)))
        return &key->expanded;
    memcpy(key->raw, aes->devKey, n);
    if (n == AES_128_KEY_SIZE)
        IMB_AES128_GCM_PRE(engine, key->raw, &key->expanded);
    else
        IMB_AES256_GCM_PRE(engine, key->raw, &key->expanded);
    return &key->expanded;
}

static void key_drop(Aes *aes)
{
    if (aes->devCtx == NULL)
        return;
    mem_wipe(aes->devCtx, sizeof(struct bulk_key));
    mem_free(aes->devCtx);
    aes->devCtx = NULL;
}

static int seal(wc_CryptoInfo *info)
{
    const struct gcm_key_data *key;
    struct gcm_context_data run = {0};
    __typeof__(info->cipher.aesgcm_enc) *record = &info->cipher.aesgcm_enc;

    if (!is_bulk(record->aes, record->sz, record->ivSz, record->authTagSz))
        return CRYPTOCB_UNAVAILABLE;
    key = key_of(record->aes);
    (record->aes->keylen == AES_128_KEY_SIZE ? engine->gcm128_enc : engine->gcm256_enc)(
        key, &run, record->out, record->in, record->sz, record->iv, record->authIn,
        record->authInSz, record->authTag, TAG_BYTES);
    mem_wipe(&run, sizeof(run));
    return 0;
}

/* What does not verify is not left in the open. */
static int unseal(wc_CryptoInfo *info)
{
    const struct gcm_key_data *key;
    struct gcm_context_data run = {0};
    unsigned char tag[TAG_BYTES];
    __typeof__(info->cipher.aesgcm_dec) *record = &info->cipher.aesgcm_dec;

    if (!is_bulk(record->aes, record->sz, record->ivSz, record->authTagSz))
        return CRYPTOCB_UNAVAILABLE;
    key = key_of(record->aes);
    (record->aes->keylen == AES_128_KEY_SIZE ? engine->gcm128_dec : engine->gcm256_dec)(
        key, &run, record->out, record->in, record->sz, record->iv, record->authIn,
        record->authInSz, tag, TAG_BYTES);
    mem_wipe(&run, sizeof(run));
    if (digest_same_secret(span_of(tag, TAG_BYTES), span_of(record->authTag, TAG_BYTES)))
        return 0;
    mem_wipe(record->out, record->sz);
    return AES_GCM_AUTH_E;
}

static int bulk(int device, wc_CryptoInfo *info, void *unused)
{
    (void)device, (void)unused;
    if (info->algo_type == WC_ALGO_TYPE_FREE && info->free.algo == WC_ALGO_TYPE_CIPHER &&
        info->free.type == WC_CIPHER_AES)
        key_drop(info->free.obj); /* wolfCrypt goes on with its own part */
    else if (info->algo_type == WC_ALGO_TYPE_CIPHER &&
             info->cipher.type == WC_CIPHER_AES_GCM)
        return info->cipher.enc ? seal(info) : unseal(info);
    return CRYPTOCB_UNAVAILABLE;
}

static int device = INVALID_DEVID;

static void device_register(void)
{
    if (wc_CryptoCb_RegisterDevice(BULK_DEVICE, bulk, NULL) == 0)
        device = BULK_DEVICE;
}

int tls_bulk_device(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, device_register);
    return device;
}

#else

int tls_bulk_device(void)
{
    return INVALID_DEVID;
}
#endif
