/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_file: reads an open file to its end.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

/* Everything from the position of @fd to the end, up to @max_bytes, NUL-terminated; NULL with
 * errno, EFBIG past the limit. @ret_size may be NULL. The caller frees. */
char *host_file_read_whole(int fd, size_t max_bytes, size_t *ret_size);
