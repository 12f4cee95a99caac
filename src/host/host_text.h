/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_text: parses the kernel's text files: numbers, fields, lines by their names.
 *
 * Pure. What is not exactly a number of the wanted kind is refused; nothing is clamped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/util_count.h"

/* Moves *@text past blanks and the digits of one number, which ends at a blank, at the end of the
 * line or of the text. False, and *@text unchanged, if there is none or it is past 2^64-1. */
bool host_text_take_count(const char **text, uint64_t *ret_value);

/* Moves *@text past blanks and one field of other characters in the same line; false if there is
 * none. @ret_start points into the text. */
bool host_text_take_field(const char **text, const char **ret_start, size_t *ret_size);

/* The text behind @name in the first line that starts with it; NULL if there is none. */
const char *host_text_find_line(const char *text, const char *name);

/* The number behind @name, in the first line that starts with it, as in "VmRSS: 12 kB". */
UtilCount host_text_line_count(const char *text, const char *name);

/* The number that is the whole text, except blanks before it and a line end. */
UtilCount host_text_whole_count(const char *text);

/* The inode in "socket:[inode]", the target of a descriptor's link; 0 for any other target. */
uint64_t host_text_socket_inode(const char *link);

/* A process or thread number: digits only, 1 .. 2^31-1; 0 if @text is none. */
pid_t host_text_pid(const char *text);
