/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_edit: puts a monitor for domstats into the text of a definition, and removes it. All else
 * stays as it is, byte for byte.
 */
#pragma once

#include <glib.h>

/* Gives @text with a monitor whose socket is @path; a monitor that this function made before, with
 * another path, is replaced. NULL and an error if @text is no XML of a domain, or has a character
 * device of the monitor's name that was made in another way. The caller frees. */
char *monitor_edit_add(const char *text, const char *path, GError **error);

/* Gives @text without the monitor of monitor_edit_add(), and without the declaration of the
 * namespace if nothing else uses it. The caller frees. */
char *monitor_edit_remove(const char *text, GError **error);
