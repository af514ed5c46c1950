/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Run every file of the given directories through the fuzz target, without libFuzzer. */
#include "base/fs.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

#define INPUT_MAX (4U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* True when the directory could be read; counts its files. */
static bool replay(const char *path, unsigned *files)
{
    DIR *dir = opendir(path);

    if (dir == NULL)
        return false;
    for (struct dirent *one = readdir(dir); one != NULL; one = readdir(dir)) {
        scoped(buf_clear) struct buf input = buf_upto(INPUT_MAX);
        struct error err = {0};

        if (one->d_name[0] == '.')
            continue;
        if (!fs_read_at(&input, dirfd(dir), one->d_name, &err)) {
            fprintf(stderr, "%s/%s: %s\n", path, one->d_name, err.about);
            closedir(dir);
            return false;
        }
        (void)LLVMFuzzerTestOneInput(input.at, input.n);
        ++*files;
    }
    closedir(dir);
    return true;
}

int main(int argc, char **argv)
{
    unsigned files = 0;

    for (int i = 1; i < argc; i++)
        if (!replay(argv[i], &files)) {
            fprintf(stderr, "%s cannot be read\n", argv[i]);
            return 2;
        }
    printf("%u files\n", files);
    return files > 0 ? 0 : 2;
}
