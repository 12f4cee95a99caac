/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_idle: what a connection costs between calls: memory, threads, wake-ups.
 */
#pragma once

#include "util/util_jsonout.h"

/* Memory of this process now. */
typedef struct {
    uint64_t heap_bytes;     /* in use, by malloc's own account */
    uint64_t resident_bytes; /* anonymous pages: the heap's spare room and stacks as well */
} BenchIdleMemory;

BenchIdleMemory bench_idle_memory(void);

/* Stays idle for @wait_ms. Gives the wake-ups of that time, and by how much memory has grown since
 * @before, when there was no connection: as the calls left it, and after malloc has given back what
 * is free. The caller frees. */
UtilJsonOut *bench_idle_observe(unsigned int wait_ms, const BenchIdleMemory *before);
