/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built-in CA. */
#include "agent/api_rows.h"

#define CA API_V1 "/ca"

static const struct api_param init[] = {
    TEXT("name", "--name", "The name of the CA."),
    ONE_OF("key", "--key", KEY_KINDS, "The kind of its key."),
    FLAG("intermediate", "--intermediate", "Issue with one below the root."),
    {0},
};

static const struct api_param import[] = {
    {.name = "certificates",
     .in = API_BODY,
     .type = API_LINES,
     .to = API_FILE_OPTION,
     .option = "--cert",
     .required = true,
     .summary = "The CA's certificate and all issuers, as PEM."},
    {.name = "key",
     .in = API_BODY,
     .type = API_LINES,
     .to = API_FILE_OPTION,
     .option = "--key",
     .required = true,
     .summary = "Its private key, as PEM."},
    FLAG("replace", "--replace", "In place of the CA that is here."),
    {0},
};

static const char *const renew_words[] = {"renew", NULL};
static const struct api_param renew[] = {
    FLAG("same_key", "--same-key", "What it issued stays good."),
    ONE_OF("new_key", "--new-key", KEY_KINDS, "The kind of the new key."),
    FILE_OF("root_key", "--root-key", "The root's key, when it was taken away, as PEM."),
    {0},
};

static const struct api_param issue[] = {
    {.name = "request",
     .in = API_BODY,
     .type = API_LINES,
     .to = API_FILE_OPTION,
     .option = "--request",
     .required = true,
     .summary = "The signing request, as PEM."},
    FLAG("multi_server", "--multi-server", "It may name several machines."),
    NUMBER("days", "--days", "How long it is good: 365 days unless given."),
    {0},
};

static const struct api_param revoke[] = {
    ONE_OF("reason", "--reason",
           "unspecified|keyCompromise|affiliationChanged|superseded|cessationOfOperation",
           "Why, as of RFC 5280."),
    IN_PATH("serial", "The serial number."),
    {0},
};

static const struct api_param crl[] = {
    NUMBER("days", "--days", "How long it is good: 30 days unless given."),
    {0},
};

const struct api_route api_routes_ca[] = {
    {.method = "GET",
     .path = CA,
     .role = API_OBSERVER,
     .command = "ca show",
     .summary = "The CA's own chain.",
     .schema = ANSWER("Ca"),
     .tag = "ca"},
    {.method = "POST",
     .path = CA,
     .role = API_ADMINISTRATOR,
     .command = "ca init",
     .params = init,
     .status = 201,
     .summary = "Make a CA.",
     .schema = ANSWER("Ca"),
     .tag = "ca"},
    {.method = "POST",
     .path = CA "/import",
     .role = API_ADMINISTRATOR,
     .command = "ca import",
     .params = import,
     .summary = "Issue with a CA made elsewhere.",
     .schema = ANSWER("Ca"),
     .tag = "ca"},
    {.method = "POST",
     .path = CA "/renew",
     .role = API_ADMINISTRATOR,
     .command = "ca root",
     .words = renew_words,
     .params = renew,
     .summary = "Renew the root.",
     .schema = ANSWER("Ca"),
     .tag = "ca"},
    {.method = "GET",
     .path = CA "/issued",
     .role = API_OBSERVER,
     .command = "ca list",
     .summary = "What the CA issued.",
     .schema = ANSWER("IssuedList"),
     .tag = "ca"},
    {.method = "POST",
     .path = CA "/issued",
     .role = API_ADMINISTRATOR,
     .command = "ca issue",
     .params = issue,
     .status = 201,
     .summary = "Sign a request; the answer has the full chain.",
     .schema = ANSWER("NewlyIssued"),
     .tag = "ca"},
    {.method = "POST",
     .path = CA "/issued/{serial}/revoke",
     .role = API_ADMINISTRATOR,
     .command = "ca revoke",
     .params = revoke,
     .summary = "Take back what the CA issued.",
     .schema = ANSWER("Issued"),
     .tag = "ca"},
    {.method = "POST",
     .path = CA "/crl",
     .role = API_ADMINISTRATOR,
     .command = "ca crl",
     .params = crl,
     .as = API_AS_BYTES,
     .content_type = "application/x-pem-file",
     .summary = "The CA's revocation list, as PEM.",
     .tag = "ca"},
    {0},
};
