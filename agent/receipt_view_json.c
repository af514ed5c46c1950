/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/receipt_view.h"

#include "agent/events.h"
#include "agent/view_json.h"
#include "agent/view_text.h"
#include "base/text.h"
#include "pairing/json.h"

#include <jansson.h>

bool receipt_view_text(FILE *out, const struct outcome_file *file, struct error *err)
{
    struct receipt receipt = {0};
    struct notice notice = {0};
    char when[TIME_TEXT_MAX];

    if (file->kind == SIGNED_RECEIPT) {
        if (!receipt_read(&receipt, buf_span(&file->text.body), err))
            return false;
        event_receipt(&(struct events){.json = false}, &receipt);
        return true;
    }
    if (!notice_read(&notice, buf_span(&file->text.body), err))
        return false;
    text_show_time(when, (time_t)notice.at);
    fprintf(out, "migration %s was aborted at %s; the source owns the data (epoch %llu)\n",
            notice.migration, when, (unsigned long long)notice.epoch);
    return true;
}

static void check_json(FILE *out, const struct receipt_check *check, const char *path)
{
    const struct receipt *receipt = &check->receipt;
    char when[TIME_TEXT_MAX], safe[1024];
    json_t *object = json_object();

    text_show_time(when, (time_t)receipt->committed);
    text_printable(safe, sizeof(safe), span_text(path));
    json_put_bool(object, "good", report_errors(&check->findings) == 0);
    json_put_text(object, "file", safe);
    json_put_text(object, "migration", receipt->migration);
    json_put_int(object, "epoch", (int64_t)receipt->terms.epoch);
    json_put_text(object, "committed", when);
    json_put_digest(object, "hash", &check->hash);
    json_put_digest(object, "previous", &receipt->previous);
    if (receipt->left.told)
        json_object_set_new(object, "left_behind", view_json_left(&receipt->left));
    json_object_set_new(object, "findings", view_json_report(&check->findings));
    view_json_print(out, object);
}

void receipt_view_check(FILE *out, const struct receipt_check *check, const char *path,
                        bool json)
{
    char safe[1024];

    if (json) {
        check_json(out, check, path);
        return;
    }
    text_printable(safe, sizeof(safe), span_text(path));
    fprintf(out, "%s: %s\n", safe,
            report_errors(&check->findings) > 0 ? "NOT good" : "good");
    if (report_errors(&check->findings) == 0)
        event_receipt(&(struct events){.json = false}, &check->receipt);
    if (check->findings.n > 0)
        view_text_report(out, &check->findings);
}
