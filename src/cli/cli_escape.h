/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_escape: strings that others chose (a guest, a peer, a file's name) made fit to be
 * written: they can neither drive a terminal nor end a line, nor break the JSON around them.
 */
#pragma once

#include <glib.h>

/* Appends @text; each byte of what cannot be printed, and each backslash, becomes \xNN, so that
 * the bytes can be told from what is written. NULL appends nothing. */
void cli_escape_append_text(GString *out, const char *text);

/* Appends @text as a JSON string with its quotes, or null for NULL. What cannot be printed
 * becomes \uNNNN; each byte that is not UTF-8 becomes \ufffd. */
void cli_escape_append_json(GString *out, const char *text);
