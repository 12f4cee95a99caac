/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_recording_reader: the layout of a recorded host, and reading its domains.
 *
 *   DIR/host.json                 format, when and where it was made, clock ticks, page size
 *   DIR/proc/..., DIR/sys/...     files of the host, as host_root keeps them
 *   DIR/<domain>/domain.json      identity and health of the domain
 *   DIR/<domain>/greeting.json    {"QMP":...}
 *   DIR/<domain>/<command>.json   {"return":...} or {"error":...}, by QemuCommand's file_name
 *
 * Each folder with a domain.json is a domain; other folders and files are ignored. A recording may
 * be hostile: the limits of a live monitor hold for its files, and no symbolic link is followed.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"
#include "util/util_json.h"

#define QEMU_RECORDING_DOMAIN_FILE   "domain.json"
#define QEMU_RECORDING_GREETING_FILE "greeting.json"

/* The names of the domains' folders in @dir, ascending. The caller frees with g_strfreev(). NULL
 * and CONNECT if @dir cannot be opened. */
char **qemu_recording_reader_list_domains(const char *dir, GError **error);

/* The domain in @folder of @dir, without its definition, which the caller sets; the caller unrefs
 * it. If its domain.json is damaged, its trouble is BROKEN, with a reason that names the file. */
QemuEndpoint *qemu_recording_reader_read_domain(const char *dir, const char *folder);

/* The object that the file holds; the caller unrefs it. NULL without an error if there is no such
 * file, and NULL with BROKEN, naming the file, if it holds anything but one object. */
UtilJson *qemu_recording_reader_read_object(const char *folder, const char *file_name,
                                            GError **error);

/* Sets @error to BROKEN: the file is damaged, @fault says how. */
void qemu_recording_reader_set_fault(GError **error, const char *folder, const char *file_name,
                                     const char *fault);
