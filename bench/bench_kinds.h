/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_kinds: one recorded domain becomes domains of many kinds, as hosts have them.
 */
#pragma once

/* A recorded text as QEMU writes it: with a space behind each comma and colon. Domains of other
 * kinds differ in the members of their block statistics: a device that was never used lacks
 * "idle_time_ns", and another is the one that is not accounted. The caller frees. */
char *bench_kinds_make(const char *text, unsigned int kind);
