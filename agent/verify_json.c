/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verify_json.h"

#include "agent/view_json.h"

#include <jansson.h>

void verify_json_print(FILE *out, bool valid, const struct chain *path,
                       const struct report *report)
{
    view_json_print(out, json_pack("{s:b, s:o, s:o}", "valid", valid, "path",
                                   view_json_ladder(path), "findings",
                                   view_json_report(report)));
}

void verify_json_lint(FILE *out, const struct report *report)
{
    view_json_print(out, json_pack("{s:o}", "findings", view_json_report(report)));
}
