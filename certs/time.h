/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time in a certificate (RFC 5280 4.1.2.5), judged by its raw bytes: T-12, M-05. */
#pragma once

#include "certs/cert.h"

/* The contents of a UTCTime or GeneralizedTime. FORM_BAD for everything but the two forms
 * that RFC 5280 allows. UTCTime 50 is 1950. */
void cert_time_read(struct cert_time *out, unsigned tag, struct span contents);
