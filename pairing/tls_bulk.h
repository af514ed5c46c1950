/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AES-GCM (NIST SP 800-38D) of long TLS records by Intel's multi-buffer library, which has
 * code for processors with VAES and AVX-512 that wolfSSL has not. Everything else, and
 * every other processor, stays with wolfSSL: both give the same bytes.
 */
#pragma once

/* The wolfCrypt device that does it, for wolfSSL_CTX_SetDevId; INVALID_DEVID where the
 * library is not built in. After wolfSSL_Init. */
int tls_bulk_device(void);
