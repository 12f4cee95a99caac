/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_summary: what the head of the screen tells of a round.
 */
#pragma once

#include <glib.h>

#include "top_format.h"
#include "top_model.h"

typedef struct {
    size_t n_domains;
    size_t n_by_state[8]; /* by virDomainState; [0]: not known */
    size_t n_answered;
    double round_ms;
    UtilCount n_processors;
    bool has_cpu;
    double cpu_percent; /* of all processors of the host; only if @has_cpu */
    UtilCount memory_kib;
    UtilCount memory_used_kib;
    int64_t wall_us;
} TopSummary;

/* Counts one domain more. */
void top_summary_count(TopSummary *self, const TopModelEntry *entry);
void top_summary_make(const TopModel *model, TopSummary *ret_summary);

/* Appends lines of the head, without their ends: "20 domains: 18 running, 2 paused" ... */
void top_summary_append_domains(GString *out, const TopSummary *summary);
/* "19 of 20 answered in 12.3 ms" */
void top_summary_append_round(GString *out, const TopSummary *summary);
/* How many domains did not answer in the round. */
size_t top_summary_count_silent(const TopModel *model);
/* "not answering: db-replica (stopped), wiki (slow) and 3 more", with @most names. They may have
 * any characters. */
void top_summary_append_silent(GString *out, const TopModel *model, size_t most);
/* "running", or for one that did not answer "stopped: its process is stopped by a signal; the
 * values are 12s old". May have any characters. */
void top_summary_append_verdict(GString *out, const TopModelEntry *entry);
/* "host: 8 CPUs 23.4%, memory 12G of 64G" */
void top_summary_append_host(GString *out, const TopSummary *summary, TopFormatBytes bytes);

/* "2026-11-26T23:10:08.123Z" for a time since 1970. The caller frees it. */
char *top_summary_clock(int64_t wall_us);
