/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_edit: puts a monitor for domstats into the text of a definition, and takes it out again.
 * All else stays as it is, byte for byte.
 */
#pragma once

#include <glib.h>

/* @text with a monitor whose socket is @path; its monitor of domstats-monitor gets this path if
 * there is one. Gives NULL and an error if the text is no XML of a domain, or has a character
 * device of the monitor's name that was made in another way. The caller frees. */
char *monitor_edit_add(const char *text, const char *path, GError **error);

/* @text without the monitor that monitor_edit_add() puts there, and without the namespace if
 * nothing else is in it. The caller frees. */
char *monitor_edit_remove(const char *text, GError **error);
