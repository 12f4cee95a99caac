/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_option: one option argument of QEMU -> its keys and values. Pure.
 *
 * Both forms give the same: "socket,id=m,server=on" and {"backend":"socket","id":"m",...}.
 * Members of nested objects get the names of all levels, with dots between: "addr.path". Elements
 * of a list get their number as a name: "chardevs.0".
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "util/util_count.h"

/* The pairs, in order; owned. */
typedef struct QemuCmdlineOption QemuCmdlineOption;

/* Parses @text. A first value without a key gets @implied_key (NULL: it is a key itself). A key
 * without a value is "on"; "nowait" and the like are "wait" with "off". Never fails. */
QemuCmdlineOption *qemu_cmdline_option_parse(const char *text, const char *implied_key);
/* The same for an option that QEMU never takes in JSON: a brace at its start is a part of a value.
 */
QemuCmdlineOption *qemu_cmdline_option_parse_words(const char *text, const char *implied_key);
/* Parses @text likewise, and adds its pairs to @self with @prefix before their keys: QEMU takes
 * several options of one kind as one. */
void qemu_cmdline_option_add(QemuCmdlineOption *self, const char *text, const char *implied_key,
                             const char *prefix);
/* Adds the pair of "KEY=VALUE" as it is: a comma is a part of the value. Does nothing without "=".
 */
void qemu_cmdline_option_set(QemuCmdlineOption *self, const char *assignment);
void qemu_cmdline_option_free(QemuCmdlineOption *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCmdlineOption, qemu_cmdline_option_free)

/* The value of @key: the last one given, as QEMU takes it; a nested member's last name is
 * enough. NULL if there is none; borrowed. */
const char *qemu_cmdline_option_get(const QemuCmdlineOption *self, const char *key);
/* The same for the whole name only. */
const char *qemu_cmdline_option_get_exact(const QemuCmdlineOption *self, const char *key);
/* Hands out each pair, in order. */
void qemu_cmdline_option_foreach(const QemuCmdlineOption *self,
                                 void (*take)(const char *key, const char *value, void *data),
                                 void *data);
/* True if the text was an object: some of QEMU's defaults differ there. */
bool qemu_cmdline_option_is_json(const QemuCmdlineOption *self);
/* False also if @key is absent. */
bool qemu_cmdline_option_is_on(const QemuCmdlineOption *self, const char *key);
/* The value as a decimal number. */
UtilCount qemu_cmdline_option_count(const QemuCmdlineOption *self, const char *key);

/* The number of a descriptor, the first where colons part several; -1 for a name or NULL. */
int qemu_cmdline_option_parse_fd(const char *text);
