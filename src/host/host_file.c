/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_file: see host_file.h. Knows no paths.
 */
#include "host_file.h"

#include <errno.h>
#include <unistd.h>

#define FIRST_BYTES 4096

char *
host_file_read_whole(int fd, size_t max_bytes, size_t *ret_size)
{
    size_t allocated = MIN(FIRST_BYTES, max_bytes + 1);
    g_autofree char *bytes = g_malloc(allocated + 1);
    size_t n_bytes = 0;

    for (;;) {
        ssize_t n = read(fd, bytes + n_bytes, allocated - n_bytes);

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return NULL;
        n_bytes += (size_t)MAX(n, 0);
        if (n_bytes > max_bytes) {
            errno = EFBIG;
            return NULL;
        }
        if (n_bytes == allocated) {
            allocated = MIN(allocated * 2, max_bytes + 1);
            bytes = g_realloc(bytes, allocated + 1);
        }
    }
    bytes[n_bytes] = '\0';
    if (ret_size)
        *ret_size = n_bytes;
    return g_steal_pointer(&bytes);
}
