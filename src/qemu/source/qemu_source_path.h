/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_path: what the kinds of sources share about the paths of monitors.
 */
#pragma once

#include <glib.h>

/* What to call a domain by the path of its monitor: the file's name without what says only
 * that it is a monitor (".sock", ".qmp", ...). The caller frees. */
char *qemu_source_path_make_name(const char *path);
