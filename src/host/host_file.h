/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_file: what is done with one open file.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

/* Everything that @fd has to give, up to @max_bytes, NUL-terminated; NULL with errno (EFBIG past
 * the limit). The caller frees. */
char *host_file_read_whole(int fd, size_t max_bytes, size_t *ret_size);
