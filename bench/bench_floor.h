/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_floor: what QEMU itself needs: the commands of our plan sent raw to all monitors at
 * once, answers counted and thrown away.
 *
 * The commands are those of the driver's own plan in its steady state, taken from a real
 * exchange with each monitor, so they cannot drift from what the driver sends.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "util/util_jsonout.h"

typedef struct BenchFloor BenchFloor;

BenchFloor *bench_floor_new(void);
void bench_floor_free(BenchFloor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchFloor, bench_floor_free)

/* Adds the monitors at @paths (char *): lets the driver's plan become steady on each, and connects
 * to it anew. */
bool bench_floor_add(BenchFloor *self, const GPtrArray *paths, GError **error);

/* One round over all monitors; @ret_n_values is the number of replies. */
bool bench_floor_run(BenchFloor *self, size_t *ret_n_values, GError **error);

/* What json-c alone needs for the replies of one round of all monitors, which was kept when they
 * were added: builds their values and frees them. */
bool bench_floor_parse(BenchFloor *self, size_t *ret_n_values, GError **error);

/* What is sent: commands, and bytes of a round in both directions. The caller frees. */
UtilJsonOut *bench_floor_describe(const BenchFloor *self);
