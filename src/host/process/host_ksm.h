/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_ksm: what the kernel tells of a process's memory that it shares with equal pages of others
 * (kernel samepage merging).
 */
#pragma once

#include "host/host_reader.h"
#include "util/util_count.h"

typedef struct {
    UtilCount merging_pages; /* that are shared */
    UtilCount rmap_items;    /* that are looked at, or shared */
    UtilCount zero_pages;    /* that are the kernel's page of zeros */
    bool has_profit;
    int64_t profit_bytes; /* saved, less what the bookkeeping takes; may be below 0 */
} HostKsm;

/* Parses the text of /proc/<pid>/ksm_stat. */
void host_ksm_parse(const char *text, HostKsm *ret_ksm);

/* True if the kernel merges pages, or has some that it merged earlier. To be asked once a call. */
bool host_ksm_is_on(HostRoot *root);

/* With @reader until @deadline, since reading may wait for the lock of the process's memory. */
void host_ksm_read(HostReader *reader, pid_t pid, UtilDeadline deadline, HostKsm *ret_ksm);
