/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ceilings of the peer port, in one place (design 8); passing one is an ordinary refusal.
 */
#pragma once

#define HTTP_HEAD_MAX (16 * 1024)         /* request or status line and header block */
#define HTTP_BODY_MAX (4 * 1024 * 1024)   /* a body: a segment at most */
#define HTTP_ANSWER_MAX (8 * 1024 * 1024) /* a body that we send */
#define HTTP_MESSAGE_MAX (512 * 1024)     /* a JSON body */
#define HTTP_STRANGER_MAX (192 * 1024)    /* a JSON body of whoever has no grant */
#define HTTP_PIECES_MIN 256               /* of a message, however short it is… */
#define HTTP_PIECE_BYTES 64               /* …and one more for so many of its bytes */

/* Before the door. */
#define SILENT_MAX 2000        /* sockets that wait to be let in */
#define SILENT_SECONDS 5       /* for a whole ClientHello; then to be let in */
#define WAITING_PER_ADDRESS 64 /* of them, with a whole ClientHello */
#define SPARE_DESCRIPTORS 512  /* that these sockets leave for all else */

/* Inside. A stranger is a connection that has shown no grant so far. */
#define CONNECTIONS_MAX 96           /* established */
#define STRANGERS_MAX 48             /* of those */
#define STRANGERS_PER_ADDRESS 16     /* of those */
#define HANDSHAKES_MAX 32            /* of the strangers, hand-shaking */
#define HANDSHAKES_PER_ADDRESS 8     /* of those */
#define STRANGERS_PER_SECOND 100     /* let in; as many at once, after a second of none */
#define STRANGERS_PER_BUSY_SECOND 16 /* the same while a granted peer is inside… */
#define BUSY_SECONDS 5               /* …and so long after it */
#define STRANGER_GRACE_MS 250        /* of a handshake, or after it: nobody makes room */
#define STRANGER_SECONDS 3           /* of either; then anybody makes room */
#define STRANGER_REQUESTS 16         /* of one connection; after those one a second */
#define KNOWN_SECONDS 600            /* an address is known after a granted request */
#define KNOWN_LATELY_MAX 256         /* of a known address of late, without a grant */
#define VAIN_WEIGHT 1000             /* to have come in vain, beside having come at all */
#define LATELY_STEP_MS 500           /* what was of late counts 1/24 less: half in 8 s */

#define CODE_FAILURES_PER_ADDRESS 10 /* wrong codes a minute */
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
#define API_SESSIONS_EACH 25 /* of one user */
/* Of these so many a minute are in the record; the others are counted. */
#define API_REFUSALS_PER_MINUTE 30
#define API_LOGINS_PER_MINUTE 60
#define API_SESSION_IDLE_SECONDS 1800
