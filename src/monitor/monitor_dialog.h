/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_dialog: what the user is told and asked. Alone writes to stdout and stderr, and makes
 * visible in each text what a terminal would obey.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Writes a line to stdout: "DOMAIN: " and the text. */
void monitor_dialog_say(const char *domain, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Writes a line to stderr: the program's name, "DOMAIN: " and the text; @domain may be NULL. */
void monitor_dialog_complain(const char *domain, const char *message);

/* Writes a text of several lines to stdout. */
void monitor_dialog_show(const char *text);

/* True if a user can be asked: both stdin and stdout are terminals. */
bool monitor_dialog_has_terminal(void);

/* True if @is_yes, or if the user answers the question with yes. Else @error says that the domain
 * is left as it is. */
bool monitor_dialog_ask(bool is_yes, const char *question, GError **error);
