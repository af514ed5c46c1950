/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Anchors and other stores, and what is published. */
#include "agent/api_rows.h"

#define TRUST API_V1 "/trust"
#define CERTIFICATES TRUST "/certificates"
#define STORES API_V1 "/stores"
#define WHICH                                                                              \
    IN_PATH("which", "Alias, subject, common name, or digits of a SHA-256 or key id.")
#define ASK_STORE ASK_TEXT("store", "--store", "TRUSTED_ROOTS unless given.")
#define STORE TEXT("store", "--store", "TRUSTED_ROOTS unless given.")
#define ASK_YES ASK_FLAG("confirmed", "-y", "Must be true.")

static const struct api_param list[] = {
    ASK_STORE,
    ASK_LIST("filter", "--filter", "FIELD~TEXT for a part of it, FIELD=TEXT for all."),
    {0},
};
static const char *const published_words[] = {"--published", NULL};
static const char *const removed_words[] = {"--removed", NULL};

static const struct api_param show[] = {ASK_STORE, WHICH, {0}};

static const struct api_param import[] = {
    STORE,
    TEXT("alias", "--alias", "The name that it gets."),
    FLAG("confirm", "--confirm", "One of the same name has another key: take it."),
    NEED_FILE("certificate", "As PEM."),
    {0},
};

static const struct api_param remove_params[] = {
    ASK_STORE, ASK_YES, ASK_FLAG("force", "--force", "Also when others depend on it."),
    WHICH,     {0},
};

static const struct api_param undo[] = {WHICH, {0}};

static const struct api_param publish[] = {
    STORE,
    TEXT("alias", "--alias", "The name that it gets."),
    FLAG("chain", "--chain", "The roots of several."),
    NEED_FILE("certificate", "As PEM."),
    {0},
};

static const struct api_param unpublish[] = {
    ASK_STORE,
    ASK_YES,
    ASK_FLAG("force", "--force", "Also when others depend on it."),
    ASK_FLAG("everywhere", "--everywhere", "Also where it was imported by hand."),
    {.name = "id",
     .in = API_PATH,
     .type = API_TEXT,
     .to = API_OPTION,
     .option = "--id",
     .required = true,
     .summary = "Its id in the list, or what else names it."},
    {0},
};

static const struct api_param match[] = {
    ASK_OPERANDS("id", "Ids of another product's list; those of every list unless given."),
    {0},
};

static const struct api_param refresh[] = {
    FLAG("crl", "--crl", "Fetch revocation lists too."),
    {0},
};

static const struct api_param prune[] = {
    FLAG("expired", "--expired", "What is out of date."),
    FLAG("unused", "--unused", "What nobody needs."),
    FLAG("dry_run", "--dry-run", "Only tell."),
    CONFIRMED("-y", "Must be true, unless dry_run is."),
    {0},
};

static const struct api_param import_crl[] = {
    FILE_OF("issuer", "--issuer", "The CA that signed it, as PEM."),
    TEXT("url", "--url", "Where it is fetched from later."),
    FLAG("publish", "--publish", "Put it into the published list."),
    NEED_FILE("crl", "As PEM."),
    {0},
};

static const struct api_param export_params[] = {
    NUMBER("days", "--days", "How long it is good: 30 unless given."),
    NUMBER("sequence", "--sequence", "Go on from this number."),
    {0},
};
static const char *const to_output[] = {"-", NULL};
static const char *const holding_words[] = {"--export=-", NULL};

static const struct api_param adopt[] = {
    FLAG("confirm", "--confirm", "An anchor has the name of another one: take it."),
    FLAG("force", "--force", "Also when one goes that is needed here."),
    NEED_FILE("document", "What the other appliance exported."),
    {0},
};

static const struct api_param holding[] = {
    {.name = "document",
     .in = API_BODY,
     .type = API_LINES,
     .to = API_FILE_OPTION,
     .option = "--import",
     .required = true,
     .summary = "The record that the other appliance exported."},
    {0},
};

static const struct api_param store_create[] = {
    NEED_TEXT("name", "The name of the store."),
    {0},
};

static const struct api_param store_delete[] = {
    IN_PATH("name", "The name of the store."),
    {0},
};

const struct api_route api_routes_trust[] = {
    {.method = "GET",
     .path = CERTIFICATES,
     .role = API_OBSERVER,
     .command = "trust list",
     .params = list,
     .summary = "The anchors, or another store.",
     .schema = ANSWER("Entries"),
     .tag = "trust"},
    {.method = "POST",
     .path = CERTIFICATES,
     .role = API_ADMINISTRATOR,
     .command = "trust import",
     .params = import,
     .status = 201,
     .summary = "Trust one more root, or put a certificate into a store.",
     .schema = ANSWER("Entry"),
     .tag = "trust"},
    {.method = "GET",
     .path = CERTIFICATES "/{which}",
     .role = API_OBSERVER,
     .command = "trust show",
     .params = show,
     .summary = "One certificate and its PEM.",
     .schema = ANSWER("Entry"),
     .tag = "trust"},
    {.method = "DELETE",
     .path = CERTIFICATES "/{which}",
     .role = API_ADMINISTRATOR,
     .command = "trust remove",
     .params = remove_params,
     .summary = "Trust it no longer.",
     .schema = ANSWER("EntryDone"),
     .tag = "trust"},
    {.method = "POST",
     .path = CERTIFICATES "/{which}/undo",
     .role = API_ADMINISTRATOR,
     .command = "trust undo",
     .params = undo,
     .summary = "Bring back what was removed within 30 days.",
     .schema = ANSWER("EntryDone"),
     .tag = "trust"},
    {.method = "GET",
     .path = TRUST "/removed",
     .role = API_OBSERVER,
     .command = "trust list",
     .words = removed_words,
     .summary = "What was removed in the last 30 days.",
     .schema = ANSWER("Entries"),
     .tag = "trust"},
    {.method = "GET",
     .path = TRUST "/published",
     .role = API_OBSERVER,
     .command = "trust list",
     .words = published_words,
     .summary = "What this appliance publishes, and what it has adopted.",
     .schema = ANSWER("PublishedLists"),
     .tag = "trust"},
    {.method = "POST",
     .path = TRUST "/published",
     .role = API_ADMINISTRATOR,
     .command = "trust publish",
     .params = publish,
     .as = API_AS_ITEMS,
     .status = 201,
     .summary = "Put a certificate into the list that this appliance publishes.",
     .schema = ANSWER("EntryDone"),
     .tag = "trust"},
    {.method = "DELETE",
     .path = TRUST "/published/{id}",
     .role = API_ADMINISTRATOR,
     .command = "trust unpublish",
     .params = unpublish,
     .summary = "Take it out again.",
     .schema = ANSWER("EntryDone"),
     .tag = "trust"},
    {.method = "GET",
     .path = TRUST "/match",
     .role = API_OBSERVER,
     .command = "trust match",
     .params = match,
     .as = API_AS_BYTES,
     .content_type = "text/plain; charset=utf-8",
     .refused = 200,
     .summary = "Which certificate has which id of another product's list.",
     .tag = "trust"},
    {.method = "POST",
     .path = TRUST "/refresh",
     .role = API_ADMINISTRATOR,
     .command = "trust refresh",
     .params = refresh,
     .refused = 503, /* what could be done is done; the lists may be there later */
     .summary = "Bring the stores to what is published.",
     .schema = ANSWER("Refreshed"),
     .tag = "trust"},
    {.method = "POST",
     .path = TRUST "/prune",
     .role = API_ADMINISTRATOR,
     .command = "trust prune",
     .params = prune,
     .summary = "Remove anchors that are out of date or that nobody needs.",
     .schema = ANSWER("Entries"),
     .tag = "trust"},
    {.method = "POST",
     .path = TRUST "/crls",
     .role = API_ADMINISTRATOR,
     .command = "trust import-crl",
     .params = import_crl,
     .status = 204,
     .summary = "Keep a revocation list beside its CA.",
     .tag = "trust"},
    {.method = "POST",
     .path = TRUST "/export",
     .role = API_ADMINISTRATOR,
     .command = "trust export",
     .words = to_output,
     .params = export_params,
     .summary = "The published list as one signed document, for other appliances.",
     .schema = "{\"type\":\"object\"}",
     .tag = "trust"},
    {.method = "POST",
     .path = TRUST "/adopt",
     .role = API_ADMINISTRATOR,
     .command = "trust adopt",
     .params = adopt,
     .summary = "Take over what another appliance publishes.",
     .schema = ANSWER("PublishedList"),
     .tag = "trust"},
    {.method = "GET",
     .path = TRUST "/status",
     .role = API_OBSERVER,
     .command = "trust status",
     .summary = "Which lists are held here, and which appliance holds which of ours.",
     .schema = ANSWER("ListStatus"),
     .tag = "trust"},
    {.method = "POST",
     .path = TRUST "/holding",
     .role = API_ADMINISTRATOR,
     .command = "trust status",
     .words = holding_words,
     .summary = "The signed record of which lists are held here, for their publisher.",
     .schema = "{\"type\":\"object\"}",
     .tag = "trust"},
    {.method = "POST",
     .path = TRUST "/holdings",
     .role = API_ADMINISTRATOR,
     .command = "trust status",
     .params = holding,
     .status = 204,
     .summary = "Take up such a record of another appliance.",
     .tag = "trust"},
    {.method = "GET",
     .path = STORES,
     .role = API_OBSERVER,
     .command = "store list",
     .summary = "The stores, what they hold and how far a change of them reaches.",
     .schema = ANSWER("Stores"),
     .tag = "trust"},
    {.method = "POST",
     .path = STORES,
     .role = API_ADMINISTRATOR,
     .command = "store create",
     .params = store_create,
     .status = 204,
     .summary = "Make a store for certificates of others.",
     .tag = "trust"},
    {.method = "DELETE",
     .path = STORES "/{name}",
     .role = API_ADMINISTRATOR,
     .command = "store delete",
     .params = store_delete,
     .status = 204,
     .summary = "Delete an empty store that was made so.",
     .tag = "trust"},
    {0},
};
