/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_about: host.json, the file that makes a folder a recording and describes its host.
 *
 *   format               of the whole recording; a later one is refused
 *   domstats, kernel     versions, for people
 *   created              when it was made: ISO 8601, UTC
 *   ticks_per_second     the units of numbers in the recorded files
 *   page_bytes
 *
 * One function writes it and one reads it; host_root uses both.
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
    int64_t recorded_s; /* since 1970; 0: a live host, or the file does not say */
} HostAbout;

/* The text of the file. For a live host the time is now. The caller frees. */
char *host_about_make_text(const HostAbout *self);

/* Reads the text of the file; @dir is for messages. BROKEN if a member is missing or malformed,
 * UNSUPPORTED if a later version made it. Without "format" it is format 1. */
bool host_about_parse(const char *dir, const char *text, size_t size, HostAbout *ret_about,
                      GError **error);
