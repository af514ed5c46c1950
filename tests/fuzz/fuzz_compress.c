/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A compressed segment as it comes: three bytes of announced length, then the frame. */
#include "transfer/compress.h"
#include "transfer/manifest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void expect(bool held)
{
    if (!held)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct compressor compressor = {.how = COMPRESS_ALWAYS, .streams = 1};
    static struct expander expander, again;
    struct error err = {0};
    struct span plain, packed, same;
    size_t length;

    if (n < 3)
        return 0;
    length = (size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2];
    if (!expand_segment(&expander, span_of(data + 3, n - 3), length, &plain, &err)) {
        expect(err.msg == E_SEGMENT_PACKED);
        return 0;
    }
    expect(plain.n == length && length <= SEGMENT_BYTES);
    packed = compress_segment(&compressor, plain);
    if (packed.n > 0)
        expect(expand_segment(&again, packed, plain.n, &same, &err) &&
               span_equal(plain, same));
    return 0;
}
