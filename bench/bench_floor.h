/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_floor: the time that QEMU itself needs. It sends the commands of our plan raw to all
 * monitors at once, counts the replies, and throws them away.
 *
 * It takes the commands from a real exchange with each monitor, when the driver's plan no longer
 * changes: so they are what the driver sends.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "util/util_jsonout.h"

typedef struct BenchFloor BenchFloor;

BenchFloor *bench_floor_new(void);
void bench_floor_free(BenchFloor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchFloor, bench_floor_free)

/* Adds the monitors at @paths (char *): runs the driver on each until its plan no longer changes,
 * and opens a raw connection to it. */
bool bench_floor_add(BenchFloor *self, const GPtrArray *paths, GError **error);

/* Asks all monitors once; @ret_n_values is the number of replies. */
bool bench_floor_run(BenchFloor *self, size_t *ret_n_values, GError **error);

/* Parses with json-c alone the replies that all monitors gave when they were added: builds their
 * values and frees them. */
bool bench_floor_parse(BenchFloor *self, size_t *ret_n_values, GError **error);

/* The commands, and the bytes of asking once, in both directions. The caller frees. */
UtilJsonOut *bench_floor_describe(const BenchFloor *self);
