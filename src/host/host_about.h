/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_about: host.json, the file that makes a folder a recording and says of what host.
 *
 *   format               of the whole recording; a later one is refused
 *   domstats, kernel     versions, for people
 *   created              when it was made: ISO 8601, UTC
 *   ticks_per_second     units of what stands in the recorded files
 *   page_bytes
 *
 * One writer and one reader; host_root uses both.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_ABOUT_FILE "host.json"

typedef struct {
    long ticks_per_second;
    long page_bytes;
    int64_t recorded_s; /* since 1970; 0: of a live host, or not told */
} HostAbout;

/* The text of the file. A live host is recorded now. The caller frees. */
char *host_about_make_text(const HostAbout *self);

/* Reads the file's text; @dir is for messages. BROKEN if something in it is not as it must be,
 * UNSUPPORTED if a later version made it. A format that is not told is the first. */
bool host_about_parse(const char *dir, const char *text, size_t size, HostAbout *ret_about,
                      GError **error);
