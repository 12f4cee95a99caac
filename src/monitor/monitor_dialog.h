/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_dialog: what is said to the user, and asked.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Writes "DOMAIN: " and the text to stdout, as a line. What a terminal would obey is made visible
 * in it. */
void monitor_dialog_say(const char *domain, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same to stderr, behind the program's name; @domain may be NULL. */
void monitor_dialog_complain(const char *domain, const char *message);

/* Writes a text of several lines to stdout. */
void monitor_dialog_show(const char *text);

/* True if @is_yes, or the user at the terminal says so. Else the error says that the domain is left
 * as it is, and why. */
bool monitor_dialog_ask(bool is_yes, const char *question, GError **error);
