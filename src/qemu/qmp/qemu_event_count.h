/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_event_count: counts those events of one connection that tell of trouble. Pure.
 */
#pragma once

#include "qemu/facts/qemu_facts.h"
#include "util/util_json.h"

/* Begins to count, at the second @since_s of the wall clock. */
void qemu_event_count_begin(QemuFactsEvents *self, int64_t since_s);
/* Counts one event; @data is its "data", or NULL. Counts nothing before qemu_event_count_begin().
 */
void qemu_event_count_note(QemuFactsEvents *self, const char *event, const UtilJson *data);
void qemu_event_count_clear(QemuFactsEvents *self);
