/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_visit: the time that QEMU itself needs for a visit: a connection, its greeting, the
 * negotiation, the commands, and the end of the connection.
 *
 * What it sends is what the library sent on its latest visit to the same monitor (bench_wire), in
 * one write, without waiting for anything in between.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "util/util_jsonout.h"

typedef struct BenchVisit BenchVisit;

/* The visits to the monitors at @paths (char *), as the library made them while bench_wire watched.
 * NULL with an error if it did not visit one of them. */
BenchVisit *bench_visit_new(const GPtrArray *paths, GError **error);
void bench_visit_free(BenchVisit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchVisit, bench_visit_free)

/* Visits all monitors once; @ret_n_values is the number of replies. */
bool bench_visit_run(BenchVisit *self, size_t *ret_n_values, GError **error);

/* The commands of one visit, and its bytes in both directions. The caller frees. */
UtilJsonOut *bench_visit_describe(const BenchVisit *self);
