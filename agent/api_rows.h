/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words to write the parameters of a route with: its name, its option, a line for OpenAPI.
 */
#pragma once

#include "agent/api_route.h"

/* An operand in the path. */
#define IN_PATH(n, line)                                                                   \
    {                                                                                      \
        .name = (n), .in = API_PATH, .type = API_TEXT, .to = API_OPERAND,                  \
        .required = true, .summary = (line)                                                \
    }
#define PARAM(where, kind, goes, n, o, line)                                               \
    {                                                                                      \
        .name = (n), .in = (where), .type = (kind), .to = (goes), .option = (o),           \
        .summary = (line)                                                                  \
    }
/* In the query. */
#define ASK_TEXT(n, o, line) PARAM(API_QUERY, API_TEXT, API_OPTION, n, o, line)
#define ASK_NUMBER(n, o, line) PARAM(API_QUERY, API_NUMBER, API_OPTION, n, o, line)
#define ASK_LIST(n, o, line) PARAM(API_QUERY, API_LIST, API_OPTION, n, o, line)
#define ASK_FLAG(n, o, line) PARAM(API_QUERY, API_FLAG, API_SWITCH, n, o, line)
#define ASK_OPERAND(n, line) PARAM(API_QUERY, API_TEXT, API_OPERAND, n, NULL, line)
#define ASK_OPERANDS(n, line) PARAM(API_QUERY, API_LIST, API_OPERAND, n, NULL, line)
/* In the body. */
#define TEXT(n, o, line) PARAM(API_BODY, API_TEXT, API_OPTION, n, o, line)
#define LIST(n, o, line) PARAM(API_BODY, API_LIST, API_OPTION, n, o, line)
#define NUMBER(n, o, line) PARAM(API_BODY, API_NUMBER, API_OPTION, n, o, line)
#define FLAG(n, o, line) PARAM(API_BODY, API_FLAG, API_SWITCH, n, o, line)
#define FILE_OF(n, o, line) PARAM(API_BODY, API_LINES, API_FILE_OPTION, n, o, line)
#define FILES_OF(n, o, line) PARAM(API_BODY, API_FILES, API_FILE_OPTION, n, o, line)
#define BYTES_OF(n, o, line) PARAM(API_BODY, API_BYTES, API_FILE_OPTION, n, o, line)
#define SECRET(n, o, line) PARAM(API_BODY, API_TEXT, API_FD_OPTION, n, o, line)
#define ONE_OF(n, o, choices, line)                                                        \
    {                                                                                      \
        .name = (n), .in = API_BODY, .type = API_TEXT, .to = API_OPTION, .option = (o),    \
        .one_of = (choices), .summary = (line)                                             \
    }
/* Operands in the body; they must be there. */
#define NEED(kind, goes, n, line)                                                          \
    {                                                                                      \
        .name = (n), .in = API_BODY, .type = (kind), .to = (goes), .required = true,       \
        .summary = (line)                                                                  \
    }
#define NEED_TEXT(n, line) NEED(API_TEXT, API_OPERAND, n, line)
#define NEED_FILE(n, line) NEED(API_LINES, API_FILE_OPERAND, n, line)
#define NEED_FILES(n, line) NEED(API_FILES, API_FILE_OPERAND, n, line)

#define POLICY                                                                             \
    ONE_OF("policy", "--policy", "default|ome|strict|fips", "The policy to judge by.")
#define KEY_KINDS "ec|p384|p521|rsa2048|rsa3072|rsa4096|ed25519"
#define AT TEXT("at", "--at", "Judge as of this time, RFC 3339 UTC.")
/* As CHANGE_OPTIONS of the commands. */
#define CHANGE                                                                             \
    TEXT("confirm_within", "--confirm-within",                                             \
         "Go back by itself after this time unless confirmed: 1s to 30d."),                \
        FLAG("apply", "--apply", "Run hooks/services for each step.")
/* As DEMANDS_WORDS of the commands. */
#define DEMANDS                                                                            \
    POLICY, LIST("pin", "--pin", "SHA-256 of a public key to accept whatever its chain."), \
        FLAG("require_pq", "--require-pq", "A hybrid post-quantum key exchange only."),    \
        FLAG("require_revocation", "--require-revocation",                                 \
             "A current revocation list for every issuer.")
#define CONFIRMED(o, line) FLAG("confirmed", o, line)

/* The schema of an answer: one of agent/api_schemas.c. */
#define ANSWER(name) "{\"$ref\":\"#/components/schemas/" name "\"}"
