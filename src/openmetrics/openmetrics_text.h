/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_text: values of labels, escaped. What is no valid UTF-8 becomes U+FFFD, and what is
 * longer than OPENMETRICS_LIMIT_LABEL_BYTES is cut and ends in U+2026.
 */
#pragma once

#include "openmetrics_buffer.h"

/* Without the quotes around it. NULL: nothing. */
void openmetrics_text_append(OpenmetricsBuffer *out, const char *text);

/* @text with the same replaced, and cut after @n_most bytes, but not escaped; the caller frees it.
 */
char *openmetrics_text_make_valid(const char *text, size_t n_most);
