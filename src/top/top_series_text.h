/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_series_text: a round as a line of JSON, and back from any bytes.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

#include "top_sample.h"

/* Appends the line, its end included. */
void top_series_text_append(GString *out, const TopSample *sample);

/* A sample to be freed; NULL with an error if the text is no round. Texts may have up to
 * TOP_MAX_ROUND_BYTES. */
TopSample *top_series_text_parse(const char *text, size_t size, GError **error);
