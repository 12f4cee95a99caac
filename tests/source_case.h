/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source_case: trees of files for sources to read, and what they found as text.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"

/* Writes proc/<pid>/<name> below @folder; each @end_of_word in @text becomes a NUL;
 * '\0': none does. */
void source_case_write_words(const char *folder, int pid, const char *name, const char *text,
                             char end_of_word);

/* Makes a symbolic link, and the folders above it. */
void source_case_make_link(const char *folder, const char *path, const char *target);

/* True if @endpoints, which may be NULL, holds that very pointer. */
bool source_case_is_among(const GPtrArray *endpoints, const QemuEndpoint *endpoint);

/* The paths to connect to, parted by blanks, with the inode of the socket behind "="; the caller
 * frees. */
char *source_case_make_places_text(const QemuEndpoint *endpoint);
