/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/trust_status.h"

#include "base/text.h"

void trust_status_standing(char out[STANDING_MAX], const struct published *list,
                           const struct holding *holding, time_t now)
{
    unsigned sequence = 0;

    if (holding == NULL)
        snprintf(out, STANDING_MAX, "%s",
                 list->publisher[0] == '\0' ? "own"
                 : now > list->expires      ? "over"
                                            : "current");
    else if (!holding_of(&sequence, holding, list->list))
        snprintf(out, STANDING_MAX, "absent");
    else if (sequence < list->sequence)
        snprintf(out, STANDING_MAX, "behind by %u", list->sequence - sequence);
    else
        snprintf(out, STANDING_MAX, "current");
}

static void print_holder(FILE *out, const struct published *list,
                         const struct holding *holding, time_t now)
{
    char standing[STANDING_MAX], at[TIME_TEXT_MAX], name[CERT_TEXT_MAX];
    unsigned sequence = 0;

    trust_status_standing(standing, list, holding, now);
    text_show_time(at, holding->at);
    text_printable(name, sizeof(name), span_text(holding->holder));
    if (holding_of(&sequence, holding, list->list))
        fprintf(out, "    %s: sequence %u, %s, as of %s\n", name, sequence, standing, at);
    else
        fprintf(out, "    %s: holds none of it, as of %s\n", name, at);
}

void trust_status_text(FILE *out, const struct published_lists *lists,
                       const struct holdings *holdings, time_t now)
{
    fprintf(out, "Published lists: %zu\n", lists->n);
    for (size_t i = 0; i < lists->n; i++) {
        const struct published *list = &lists->list[i];
        const bool own = list->publisher[0] == '\0';
        char standing[STANDING_MAX], until[TIME_TEXT_MAX];

        trust_status_standing(standing, list, NULL, now);
        text_show_time(until, list->expires);
        fprintf(out, "%s  sequence %u, %zu entries, %s\n", list->list, list->sequence,
                list->entries.n, own ? "published by this appliance" : standing);
        if (own)
            fprintf(out, "  held by %zu that said so:\n", holdings->n);
        else
            fprintf(out, "  published by %s, good until %s\n", list->publisher, until);
        for (size_t k = 0; k < holdings->n && own; k++)
            print_holder(out, list, &holdings->item[k], now);
    }
}
