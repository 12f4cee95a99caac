/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_escape: makes strings that come from outside (a guest, a peer, the name of a file) safe to
 * print: they can neither control a terminal, nor end a line, nor break the JSON around them.
 */
#pragma once

#include <glib.h>

/* Appends @text. Each byte of what cannot be printed, and each backslash, becomes \xNN, from which
 * the original bytes can be restored. NULL appends nothing. */
void cli_escape_append_text(GString *out, const char *text);

/* Appends @text as a JSON string with its quotes, or null for NULL. What cannot be printed
 * becomes \uNNNN; each byte that is not UTF-8 becomes \ufffd. */
void cli_escape_append_json(GString *out, const char *text);
