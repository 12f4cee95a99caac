/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_path: what the kinds of sources share about the paths of monitors.
 */
#pragma once

#include <glib.h>

/* The name of a domain that has no other: the name of its monitor's file, without endings that say
 * only that it is a monitor (".sock", ".qmp", ...). The caller frees. */
char *qemu_source_path_make_name(const char *path);
