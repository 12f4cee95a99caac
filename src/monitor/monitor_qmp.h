/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_qmp: the commands that libvirt hands to a QEMU for domstats-monitor, and what the replies
 * say. Sends nothing itself.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The names of what is added to a running QEMU. The library recognises monitors of domstats by
 * names that begin with "domstats": src/qemu/facts/qemu_manager.c. */
#define MONITOR_QMP_CHARDEV "domstats-live"
#define MONITOR_QMP_OBJECT  "domstats-live"

/* The text of each command; the caller frees. */
char *monitor_qmp_query_chardev(void);
char *monitor_qmp_list_types(void);
char *monitor_qmp_add_chardev(const char *path);
char *monitor_qmp_add_object(void);
char *monitor_qmp_remove_object(void);
char *monitor_qmp_remove_chardev(void);

/* True if the reply says that the command succeeded. Else @error has QEMU's own sentence. */
bool monitor_qmp_check(const char *reply, GError **error);

/* Whether a QEMU with this reply to list_types can be given a monitor while it runs. */
bool monitor_qmp_has_monitors(const char *reply);

/* The path of the unix socket of the character device @id in the reply to query_chardev; NULL if
 * there is no such device, or it is no unix socket with a path. The caller frees. */
char *monitor_qmp_find_socket(const char *reply, const char *id);
