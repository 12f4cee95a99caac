/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_text: reading the kernel's text files: numbers, fields, lines by their name.
 *
 * Strict and pure: what is not exactly a number of that kind is none, nothing is clamped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/util_count.h"

/* Takes from *@text blanks and the digits of one number that ends at a blank, a line's end or
 * the text's; false, and *@text untouched, if there is none or it is past 2^64-1. */
bool host_text_take_count(const char **text, uint64_t *ret_value);

/* Takes blanks and one field of other characters, in the same line; borrowed from *@text. */
bool host_text_take_field(const char **text, const char **ret_start, size_t *ret_size);

/* What follows @name in the first line that starts with it; NULL if none does. */
const char *host_text_find_line(const char *text, const char *name);

/* The number behind @name, as in "VmRSS:   12 kB". */
UtilCount host_text_line_count(const char *text, const char *name);

/* A whole text that is one number, perhaps with a line end behind. */
UtilCount host_text_whole_count(const char *text);

/* The inode out of "socket:[inode]", where a descriptor of a socket leads; 0 for another link. */
uint64_t host_text_socket_inode(const char *link);

/* A process or thread number: digits only, 1 .. 2^31-1; 0 if @text is none. */
pid_t host_text_pid(const char *text);
