/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_kinds: makes domains of many kinds, as hosts have them, of one recorded domain.
 */
#pragma once

/* A recorded reply as QEMU writes it, with a space behind each comma and colon. Kinds differ in the
 * block statistics of their devices: which ones were used, and so have "idle_time_ns", and which
 * ones are accounted. The caller frees. */
char *bench_kinds_make(const char *text, unsigned int kind);
