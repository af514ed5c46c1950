/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each network address is about: how many of it wait, how many are inside, how often
 * it came lately, whether a granted peer calls from there. A plain table without a lock:
 * the door's (agent/door.h).
 */
#pragma once

#include "agent/bounds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORIGIN_HOST_MAX 48 /* "192.0.2.1", "2001:db8:1:2::/64" */
/* Whoever waits or is inside has its place; those who are gone are remembered in the rest.
 */
#define ORIGINS_MAX (SILENT_MAX + CONNECTIONS_MAX + 256)

struct origin {
    char host[ORIGIN_HOST_MAX]; /* "": free */
    unsigned waiting;           /* sockets before the door */
    unsigned whole;             /* of those, with a whole ClientHello: the hall's */
    unsigned strangers;         /* inside, without a grant */
    unsigned shaking;           /* of those, hand-shaking */
    unsigned granted;           /* inside, with a grant */
    /* Of late, in parts (LATELY_STEP_MS): */
    unsigned entered; /* let in, without a grant */
    unsigned in_vain; /* of those, left without having proved anything */
    int64_t faded_ms;
    int64_t known_until_ms; /* a granted peer called from there */
    int64_t minute;         /* of the failures */
    unsigned failures;      /* wrong codes and passwords */
};

struct origins {
    struct origin *at; /* ORIGINS_MAX places, n of them were used */
    size_t n;
};

/* How a host, as text without a port, is counted: of IPv6 its /64, for whoever has one
 * address has 2^64 of them. `out` may be `host`. */
void origin_show(char out[ORIGIN_HOST_MAX], const char *host);
void origins_open(struct origins *out);
void origins_close(struct origins *origins);
/* The place of this address. A new one takes that of an address of which nobody is here,
 * the one that was quiet longest; those that are known are forgotten last. */
struct origin *origin_of(struct origins *origins, const char *host, int64_t now_ms);
/* A granted peer is inside, or was a while ago. */
bool origin_is_known(const struct origin *origin, int64_t now_ms);
/* One of it is let in; it has shown a grant, and counts no more; it has left without having
 * proved anything. */
void origin_count(struct origin *origin, int64_t now_ms);
void origin_discount(struct origin *origin, int64_t now_ms);
void origin_blame(struct origin *origin, int64_t now_ms);
/* How many that are, of late: let in without a grant, and of those, in vain. */
unsigned origin_lately(struct origin *origin, int64_t now_ms);
unsigned origin_in_vain(struct origin *origin, int64_t now_ms);
