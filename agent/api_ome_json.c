/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ApplicationService as OpenManage's clients use it: Dell's Ansible module
 * ome_application_certificate, its Terraform provider, its PowerShell modules. */
#include "agent/api_values.h"
#include "agent/api_visit.h"
#include "base/text.h"
#include "certs/identity.h"
#include "certs/name.h"
#include "pairing/json.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define APPLICATION "/api/ApplicationService"
#define ACTIONS APPLICATION "/Actions/ApplicationService."
#define SANS_MAX 4
/* The OpenManage Enterprise whose interface this is; clients compare it as a number. */
#define OME_VERSION "4.1.0"

/* ---- GenerateCSR ---- */

/* As OpenManage judges them: a label of letters, digits and hyphens, two letters at least
 * in the last one. */
static bool is_host_name(const char *name)
{
    const char *last = strrchr(name, '.');

    if (strlen(name) > 253 || (last != NULL && strlen(last + 1) < 2))
        return false;
    while (*name != '\0') {
        const size_t n = strcspn(name, ".");

        if (n == 0 || n > 63 || name[0] == '-' || name[n - 1] == '-')
            return false;
        for (size_t i = 0; i < n; i++)
            if (!isalnum((unsigned char)name[i]) && name[i] != '-')
                return false;
        name += n;
        if (*name == '.' && *++name == '\0')
            return false;
    }
    return true;
}

static bool is_san(const char *text)
{
    unsigned char address[16];

    return text[0] != '\0' &&
           (inet_pton(AF_INET, text, address) == 1 ||
            inet_pton(AF_INET6, text, address) == 1 || is_host_name(text));
}

/* The list, separated by commas without blanks, becomes as many values. */
static bool split_san(struct api_values *values, struct api_value *value, struct error *err)
{
    const struct api_param *param = value->param;
    char list[API_TEXT_MAX + 1], *rest = list;
    size_t count = 0;

    (void)text_fits(list, (const char *)value->bytes.at);
    for (char *one = strsep(&rest, ","); one != NULL; one = strsep(&rest, ",")) {
        if (count++ == SANS_MAX)
            return fail(err, E_API_PROPERTY, "SAN: more than %d", SANS_MAX);
        if (!is_san(one))
            return fail(err, E_API_PROPERTY, "Subject Alternative Name(s): '%s'", one);
        if (!api_values_put(values, param, one, err))
            return false;
    }
    return true;
}

static bool is_country(const char *text)
{
    return isalpha((unsigned char)text[0]) && isalpha((unsigned char)text[1]) &&
           text[2] == '\0';
}

static bool field_is_good(const struct api_value *value, struct error *err)
{
    const char *name = value->param->name, *text = (const char *)value->bytes.at;

    if (value->bytes.n == 0)
        return fail(err, E_API_PROPERTY, "%s: it is empty", name);
    if (text_equal(name, "Country") && !is_country(text))
        return fail(err, E_API_PROPERTY, "Country: two letters are wanted");
    if (text_equal(name, "Email") && strchr(text, '@') == NULL)
        return fail(err, E_API_PROPERTY, "Email: there is no @ in it");
    if (text_equal(name, "DistinguishedName") && !is_host_name(text))
        return fail(err, E_API_PROPERTY, "DistinguishedName: one full host name is wanted");
    return true;
}

/* What was in San goes, and comes back one by one. */
static bool prepare_csr(struct api_values *values, struct error *err)
{
    const size_t n = values->n;

    for (size_t i = 0; i < n; i++) {
        struct api_value *value = &values->value[i];
        struct api_value whole = *value;
        bool good;

        if (!text_equal(value->param->name, "San")) {
            if (!field_is_good(value, err))
                return false;
            continue;
        }
        *value = values->value[--values->n]; /* it is the last row: nothing moves */
        good = split_san(values, &whole, err);
        buf_clear(&whole.bytes);
        return good;
    }
    return true;
}

static bool answer_csr(struct api_visit *visit, struct error *err)
{
    scoped(json_drop) json_t *printed = NULL;
    const char *pem;

    if (!json_open(&printed, visit->printed, err))
        return false;
    pem = json_string_value(json_object_get(printed, "request"));
    return (pem != NULL || fail(err, E_API_BROKEN, "request new")) &&
           json_write(&visit->out, json_pack("{s:s}", "CertificateData", pem), err);
}

#define FIELD(property, word, most, text)                                                  \
    {                                                                                      \
        .name = (property), .in = API_BODY, .type = API_TEXT, .to = API_OPTION,            \
        .option = (word), .required = true, .max = (most), .summary = (text)               \
    }

static const struct api_param csr_params[] = {
    FIELD("DistinguishedName", "--cn", 253, "The host name, a plain value and no DN"),
    FIELD("DepartmentName", "--ou", 255, "Organisational unit"),
    FIELD("BusinessName", "--o", 255, "Organisation"),
    FIELD("Locality", "--l", 255, "Locality"),
    FIELD("State", "--st", 255, "State or province"),
    FIELD("Country", "--c", 255, "Two letters"),
    FIELD("Email", "--email", 255, "E-mail address"),
    {.name = "San",
     .in = API_BODY,
     .type = API_TEXT,
     .to = API_OPTION,
     .option = "--san",
     .summary = "At most four names or addresses, separated by commas"},
    {0},
};
/* No name is added to those that were asked for: clients count them. */
static const char *const csr_words[] = {"--overwrite", "--no-san", NULL};

/* ---- uploads ---- */

static const struct api_param upload_params[] = {
    {.name = "file",
     .in = API_RAW,
     .type = API_LINES,
     .to = API_FILE_OPERAND,
     .summary = "The bytes of the file"},
    {0},
};

/* Whatever was printed: clients look at the status alone. */
static bool answer_upload(struct api_visit *visit, struct error *err)
{
    return buf_add(&visit->out, visit->printed, err);
}

/* ---- Info and Certificate ---- */

static bool answer_info(struct api_visit *visit, struct error *err)
{
    scoped(identity_clear) struct identity identity = {0};
    char name[CERT_TEXT_MAX] = "pairgate";
    struct error none = {0};

    if (identity_load(&identity, visit->state->fd, false, &none))
        (void)text_fits(name, cert_issued_to(chain_leaf(&identity.chain)));
    return json_write(&visit->out,
                      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Name",
                                name, "Description", "pairgate " PAIRGATE_VERSION, "Vendor",
                                "pairgate", "Branding", "pairgate", "Version", OME_VERSION,
                                "BuildNumber", PAIRGATE_VERSION, "BuildDate", "", "Guid",
                                "", "OperationStatus", "Ready"),
                      err);
}

static json_t *detail(struct span name)
{
    static const struct {
        const char *label, *field;
    } fields[] = {
        {"CN", "DistinguishedName"}, {"OU", "DepartmentName"}, {"O", "BusinessName"},
        {"L", "Locality"},           {"ST", "State"},          {"C", "Country"},
        {"emailAddress", "Email"}};
    json_t *object = json_pack("{s:s, s:n, s:n}", "@odata.type",
                               "#ApplicationService.CertDetail", "KeySize", "San");
    struct name_walk walk = name_walk(name);
    struct attribute attribute;
    char text[CERT_TEXT_MAX];

    for (size_t i = 0; i < COUNT(fields); i++)
        json_object_set_new(object, fields[i].field, json_string(""));
    while (name_next(&attribute, &walk)) {
        attribute_text(text, sizeof(text), &attribute);
        for (size_t i = 0; i < COUNT(fields); i++)
            if (attribute_is(&attribute, fields[i].label))
                json_object_set_new(object, fields[i].field, json_string(text));
    }
    return object;
}

static bool answer_certificate(struct api_visit *visit, struct error *err)
{
    scoped(identity_clear) struct identity identity = {0};
    char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
    const struct cert *leaf;

    if (!identity_load(&identity, visit->state->fd, false, err))
        return false;
    leaf = chain_leaf(&identity.chain);
    text_show_time(from, leaf->not_before.at);
    text_show_time(to, leaf->not_after.at);
    return json_write(
        &visit->out,
        json_pack("{s:s, s:i, s:[{s:s, s:s, s:s, s:o, s:o}]}", "@odata.context",
                  "/api/$metadata#Collection(ApplicationService.CertInfo)", "@odata.count",
                  1, "value", "@odata.type", "#ApplicationService.CertInfo", "ValidFrom",
                  from, "ValidTo", to, "IssuedBy", detail(leaf->issuer), "IssuedTo",
                  detail(leaf->subject)),
        err);
}

#define TAG "OpenManage certificates"

const struct api_route api_routes_ome[] = {
    {.method = "POST",
     .path = ACTIONS "GenerateCSR",
     .role = API_ADMINISTRATOR,
     .dialect = API_OME,
     .tag = TAG,
     .summary = "Make a key and a signing request",
     .params = csr_params,
     .prepare = prepare_csr,
     .command = "request new",
     .words = csr_words,
     .answer = answer_csr},
    {.method = "POST",
     .path = ACTIONS "UploadCertificate",
     .role = API_ADMINISTRATOR,
     .dialect = API_OME,
     .tag = TAG,
     .summary = "One certificate, without its chain",
     .params = upload_params,
     .command = "certificate upload",
     .answer = answer_upload},
    {.method = "POST",
     .path = ACTIONS "UploadCertChain",
     .role = API_ADMINISTRATOR,
     .dialect = API_OME,
     .tag = TAG,
     .summary = "A chain: leaf, intermediates, root",
     .params = upload_params,
     .command = "chain upload",
     .answer = answer_upload},
    {.method = "GET",
     .path = APPLICATION "/Info",
     .role = API_OBSERVER,
     .dialect = API_OME,
     .tag = TAG,
     .summary = "What this is",
     .answer = answer_info},
    {.method = "GET",
     .path = APPLICATION "/Certificate",
     .role = API_OBSERVER,
     .dialect = API_OME,
     .tag = TAG,
     .summary = "The server certificate in use",
     .answer = answer_certificate},
    {0},
};
