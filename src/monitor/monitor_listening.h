/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_listening: at which paths of this host a process listens, without connecting to any.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct MonitorListening MonitorListening;

/* Reads a text like that of /proc/net/unix. The caller frees. */
MonitorListening *monitor_listening_parse(const char *text);
/* Reads that of this host; no path is listed if it cannot be read. The caller frees. */
MonitorListening *monitor_listening_read(void);
void monitor_listening_free(MonitorListening *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MonitorListening, monitor_listening_free)

bool monitor_listening_has(const MonitorListening *self, const char *path);

/* The path of the monitor that the running domain @id was given, in its folder below @folder; NULL
 * if there is none. Borrowed. */
const char *monitor_listening_find_live(const MonitorListening *self, const char *folder, int id);
