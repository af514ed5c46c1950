/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a migration came to, as a file that was carried here. */
#include "agent/receipt_check.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* One that was read is written and read again as the same. */
static void read_again(const struct outcome_file *file)
{
    scoped(outcome_file_clear) struct outcome_file again = outcome_file_none();
    scoped(buf_clear) struct buf text = buf_upto(2 * OUTCOME_FILE_MAX);
    scoped(chain_clear) struct chain chain = {0};
    struct error err = {0}, damaged = {0};

    if (!outcome_file_write(&text, file, &err) ||
        !outcome_file_read(&again, buf_span(&text), &err) || again.kind != file->kind ||
        !span_equal(buf_span(&again.text.body), buf_span(&file->text.body)))
        abort();
    /* A chain that is none is not written. */
    if (chain_unpack(&chain, buf_span(&file->target_chain), &damaged) &&
        !span_equal(buf_span(&again.target_chain), buf_span(&file->target_chain)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    scoped(outcome_file_clear) struct outcome_file file = outcome_file_none();
    scoped(receipt_check_clear) struct receipt_check check = {0};
    struct error err = {0};

    if (n > OUTCOME_FILE_MAX)
        return 0;
    if (!outcome_file_read(&file, span_of(data, n), &err)) {
        if (err.msg == E_NONE)
            abort();
        return 0;
    }
    read_again(&file);
    receipt_check(&check, &file, NULL, NULL);
    return 0;
}
