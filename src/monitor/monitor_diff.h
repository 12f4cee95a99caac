/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_diff: the difference of two texts, as "diff -u" writes it.
 */
#pragma once

#include <glib.h>

/* Gives "" for equal texts. Past a limit of lines that differ it gives NULL. The caller frees. */
char *monitor_diff_make(const char *before, const char *after);
