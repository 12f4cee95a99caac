/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_recording_reader: the layout of a recorded host, and reading one that somebody else made.
 *
 *   DIR/host.json                 format, when and where it was made, clock ticks, page size
 *   DIR/proc/..., DIR/sys/...     files of the host, as host_root keeps them
 *   DIR/<domain>/domain.json      who it is and how it was doing
 *   DIR/<domain>/greeting.json    {"QMP":...}
 *   DIR/<domain>/<command>.json   {"return":...} or {"error":...}, by QemuCommand's file_name
 *
 * A folder with a domain.json is a domain's; other files are let be. What is read is bounded
 * as what comes from a live monitor is, and no link is followed.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"
#include "util/util_json.h"

#define QEMU_RECORDING_DOMAIN_FILE   "domain.json"
#define QEMU_RECORDING_GREETING_FILE "greeting.json"

/* The names of the domains' folders, ascending. The caller frees with g_strfreev(). */
char **qemu_recording_reader_list_domains(const char *dir, GError **error);

/* The domain in that folder. A damaged file makes it one whose trouble is BROKEN, with a
 * reason that names the file. Its definition is left for the caller to set. */
QemuEndpoint *qemu_recording_reader_read_domain(const char *dir, const char *folder);

/* One file, which holds one object. NULL: BROKEN and a sentence that names the file; or, if
 * there is no such file, no error. */
UtilJson *qemu_recording_reader_read_object(const char *folder, const char *file_name,
                                            GError **error);
