/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The routes of the management API, as rows. A request is a command: most rows name the
 * command that is run and how the words of its command line come out of the request; what
 * it prints with --json is the answer. Three readers use the same rows: the clerk    finds
 * the row, checks the caller's role, reads the parameters, runs it OpenAPI      describes
 * every row: parameters, statuses, schema of the answer
 *   --remote     finds the row by its command and turns words into a request
 * so a row says nothing in code that it can say as data. What no command does is a function
 * of the clerk (api_visit.h). OpenManage's routes are rows too, in their own dialect.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

#define API_PARAMS_MAX 32 /* of a row */
#define API_TEXT_MAX 4096 /* a text with no ceiling of its own */
#define API_FILE_MAX (2 * 1024 * 1024)
#define API_COMMAND_SECONDS 60 /* a command that runs for longer is ended: 503 */

#define API_V1 "/api/pairgate/v1"

struct api_visit;
struct api_values;

/* Who may call; each may do what those before it may. */
enum api_role { API_ANYBODY, API_OBSERVER, API_ADMINISTRATOR };

/* Where the request carries a parameter. */
enum api_in {
    API_PATH,  /* {name} in the path: one segment, or what stands between two quotes */
    API_QUERY, /* ?name=…, percent-encoded */
    API_BODY,  /* a property of the JSON object that is the body */
    API_RAW,   /* the body itself, whatever its type: at most one, and no API_BODY beside */
};

/* What it is in JSON. In a path or a query the same, as text. */
enum api_type {
    API_TEXT,   /* a string without control characters */
    API_LINES,  /* a string of any UTF-8 without NUL: PEM */
    API_BYTES,  /* a string in base64: contentEncoding */
    API_NUMBER, /* an integer, not below 0 */
    API_FLAG,   /* a boolean */
    API_LIST,   /* an array of API_TEXT */
    API_FILES,  /* an array of API_LINES */
};

/* What becomes of it. An option is given as one word, --name=value; operands come last,
 * behind "--", in the order of the rows: no value is ever taken for an option. */
enum api_to {
    API_OPERAND,
    API_OPTION,
    API_SWITCH,       /* the option alone, when the flag is true */
    API_FILE_OPERAND, /* it is a file's content; the word is the path of that file */
    API_FILE_OPTION,
    API_FD_OPTION, /* a secret: the word is the number of a descriptor it is read from */
    API_NOWHERE,   /* for the row's own function only */
};

struct api_param {
    const char *name; /* of the property, or in the pattern */
    enum api_in in;
    enum api_type type;
    enum api_to to;
    const char *option;  /* "--cn"; NULL unless `to` is one */
    bool required;       /* an API_PATH always is */
    size_t max;          /* bytes of one text; 0: API_TEXT_MAX, of a file API_FILE_MAX */
    const char *one_of;  /* "ome|default|strict|fips", or NULL */
    const char *summary; /* one line, for OpenAPI */
};

/* How what the command prints becomes the body. */
enum api_as {
    API_AS_PRINTED, /* one JSON value */
    API_AS_ITEMS,   /* one JSON value a line: {"items":[…]} */
    API_AS_BYTES,   /* not JSON: sent as `content_type` */
};

enum api_dialect {
    API_OURS, /* unknown properties are refused; errors are {"error":F,"findings":[…]} */
    API_OME,  /* they are ignored; errors in OpenManage's envelope, "HTTP/1.1 400 400" */
};

struct api_route {
    const char *method;
    const char *path; /* API_V1 "/requests/{id}" */
    enum api_role role;
    const char *summary;
    const struct api_param *params; /* a row without a name ends them; NULL: none */
    /* What no row can say of them is judged, and may be changed, here; or NULL. */
    bool (*prepare)(struct api_values *values, struct error *err);
    /* Either a command of main's tables, and words that always stand behind its name ... */
    const char *command;      /* "trust list" */
    const char *const *words; /* {"--published", NULL}, or NULL */
    /* ... or a function: false with err, or the answer is filled in. With a command too:
     * it is called afterwards, with what the command printed as visit->printed. */
    bool (*answer)(struct api_visit *visit, struct error *err);
    enum api_as as;
    int status;               /* of success; 0: 200 */
    int refused;              /* when facts were printed and it ended with 1; 0: 400 */
    bool logs_in;             /* who calls is in the body: UserName and Password */
    bool is_job;              /* it goes on for long: 202 and Location at once */
    unsigned seconds;         /* 0: API_COMMAND_SECONDS */
    const char *content_type; /* of the answer; NULL: application/json */
    const char *schema;       /* JSON Schema of the answer; NULL: {"type":"object"} */
    const char *tag;          /* under which OpenAPI lists it */
    enum api_dialect dialect;
};

/* One table per file of routes; a row without a method ends it, NULL ends the tables. */
extern const struct api_route api_routes_agent[];    /* api_agent_json.c: health */
extern const struct api_route api_routes_session[];  /* api_session_json.c */
extern const struct api_route api_routes_ome[];      /* api_ome_json.c */
extern const struct api_route api_routes_ome_jobs[]; /* api_ome_jobs_json.c */
extern const struct api_route api_routes_identity[];
extern const struct api_route api_routes_trust[];
extern const struct api_route api_routes_ca[];
extern const struct api_route api_routes_moves[];
extern const struct api_route api_routes_state[];
extern const struct api_route *const api_tables[];

/* The words that a path leaves open, in the order of the pattern. */
#define API_PATH_WORDS 3
struct api_path {
    struct {
        char name[32];
        char text[256];
    } word[API_PATH_WORDS];
    size_t n;
};

/*
 * The row for this request; percent-encoding in the path is undone. NULL when there is
 * none: `allow`, when not NULL, then gets the methods that the path does have, "GET, POST",
 * or "".
 */
const struct api_route *api_route_find(struct api_path *out, const char *method,
                                       const char *path, char *allow, size_t room);
/* The rows of our dialect that run this command, one after another; NULL after the last. */
const struct api_route *api_route_of_command(const char *command,
                                             const struct api_route *after);
/* %XX undone, in a query also '+'; false when it is malformed, not UTF-8 or does not fit.
 */
must_check bool api_unescape(char *out, size_t room, struct span text, bool plus_is_blank);
/* HTTP status of a failure. */
int api_status_of(enum msg msg);
