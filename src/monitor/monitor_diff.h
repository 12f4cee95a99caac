/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_diff: the difference of two texts, as "diff -u" writes it.
 */
#pragma once

#include <glib.h>

/* "" for equal texts; NULL if more than MONITOR_LIMITS_EDITED_XML_CHANGES lines differ. The caller
 * frees. */
char *monitor_diff_make(const char *before, const char *after);
