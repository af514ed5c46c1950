/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ceilings of the peer port, in one place (design 8); passing one is an ordinary refusal.
 */
#pragma once

#define HTTP_HEAD_MAX (16 * 1024)         /* request or status line and header block */
#define HTTP_BODY_MAX (4 * 1024 * 1024)   /* a body: a segment at most */
#define HTTP_ANSWER_MAX (8 * 1024 * 1024) /* a body that we send */
#define HTTP_MESSAGE_MAX (512 * 1024)     /* a JSON body */
#define HTTP_STRANGER_MAX (192 * 1024)    /* the same of whoever has no grant */
#define CONNECTIONS_MAX 96                /* established */
#define STRANGERS_MAX 48                  /* of those, without a grant so far */
#define STRANGERS_PER_ADDRESS 16          /* of those */
#define HANDSHAKES_MAX 32                 /* of the strangers, still hand-shaking */
#define HANDSHAKES_PER_ADDRESS 8          /* of those */
#define STRANGERS_PER_SECOND 16           /* let in while a granted peer is inside */
#define STRANGERS_BURST 16                /* at once, after a second without any */
#define STRANGER_SECONDS 3                /* in one stage; then it may have to make room */
#define STRANGER_GRACE_MS 250 /* in each stage; before that nobody has to make room */
#define STRANGER_REQUESTS 16  /* of one connection; after those one a second */
#define LATELY_HALVES_MS 8000 /* what an address had of late counts half after that */
#define KNOWN_LATELY_MAX 64   /* let in of a known address, of late */
#define KNOWN_SECONDS 600     /* an address is known after a granted request */
#define CODE_FAILURES_PER_ADDRESS 10 /* wrong codes a minute */
#define SILENT_MAX 2000              /* accepted, not let in yet */
#define SILENT_SECONDS 5             /* for a whole ClientHello; then to be let in */
#define SPARE_DESCRIPTORS 512        /* that sockets before the door leave for all else */
#define AUDIT_RECORDS_PER_MINUTE 120 /* that the network can cause; others are counted */
#define SCRAM_EXCHANGES 32           /* under way in the supervisor */
#define PARKED_MAX 64         /* connections that wait for a person; they have no thread */
#define PARKED_PER_ADDRESS 16 /* of those */
#define PARK_AFTER_MS 300     /* a thread waits so long itself */
#define PARKED_SECONDS 40     /* four heartbeats */
#define TYPING_SECONDS 180    /* for a password */
/* The management API. */
#define MANAGE_SEATS 64 /* connections that are served */
#define MANAGE_SEATS_LOCAL 16
#define MANAGE_SEATS_PER_ADDRESS 48
#define MANAGE_WAITING_MAX                                                                 \
    256 /* accepted, not served yet; the next stay in the backlog                          \
         */
#define MANAGE_IDLE_SECONDS 15
#define MANAGE_DRAIN_MAX (64 * 1024 * 1024) /* of a body beyond the limit, before 413 */
#define API_TASKS_MAX 8                     /* commands and passwords checked at once */
#define API_SESSIONS_MAX 100
#define API_SESSION_IDLE_SECONDS 1800
