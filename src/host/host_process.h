/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_process: what /proc tells of one process and of its threads.
 */
#pragma once

#include "host_kept.h"
#include "host_reader.h"
#include "host_root.h"
#include "util/util_count.h"

/* /proc/<pid>/stat or /proc/<pid>/task/<tid>/stat */
typedef struct {
    char state; /* R, S, D, T, t, Z, X, I */
    uint64_t user_ticks;
    uint64_t system_ticks;
    uint64_t start_ticks; /* since boot: with the pid, the identity of a process */
    uint64_t rss_pages;
    char name[64]; /* comm, as it is */
} HostProcessStat;

/* Parses one line of stat; false if it is none. The name may hold blanks and parentheses. */
bool host_process_parse_stat(const char *text, HostProcessStat *ret_stat);

/* @tid 0: the process itself. */
bool host_process_read_stat(HostRoot *root, pid_t pid, pid_t tid, HostProcessStat *ret_stat);
/* The same by a descriptor that is kept. */
bool host_process_reread_stat(HostKept *kept, pid_t pid, pid_t tid, HostProcessStat *ret_stat);

/* Whether a process is there. */
typedef enum {
    HOST_PROCESS_HIDDEN, /* it lives or may, and cannot be seen from here */
    HOST_PROCESS_LIVES,
    HOST_PROCESS_ENDED, /* for certain; also when another has its number, or it is a zombie */
} HostProcessLook;

/* @start_ticks 0: not known. @ret_stat is set when it lives. */
HostProcessLook host_process_look(HostRoot *root, pid_t pid, uint64_t start_ticks,
                                  HostProcessStat *ret_stat);

/* Nanoseconds a thread waited on a run queue: the second number of schedstat. */
UtilCount host_process_read_run_delay_ns(HostRoot *root, pid_t pid, pid_t tid);
UtilCount host_process_reread_run_delay_ns(HostKept *kept, pid_t pid, pid_t tid);

/* Nanoseconds of wait_sum out of a thread's sched file; absent where the kernel prints no
 * such line. Text in, so that it is pure. */
UtilCount host_process_parse_wait_sum_ns(const char *sched_text);
UtilCount host_process_read_wait_sum_ns(HostRoot *root, pid_t pid, pid_t tid);

/* True if this kernel's sched files have that line now (sched_schedstats is on): ask once a
 * round, the file is dear to read. */
bool host_process_has_wait_sum(HostRoot *root);

/* The name of a thread; NULL if it has ended. The caller frees. */
char *host_process_read_name(HostRoot *root, pid_t pid, pid_t tid);

/* The kernel's name of what a thread sleeps in, "" if it does not tell. The caller frees. */
char *host_process_read_wait_channel(HostRoot *root, pid_t pid, pid_t tid);

/* The numbers of all processes that /proc shows, ascending, ended by 0; NULL with errno. The caller
 * frees. */
pid_t *host_process_list(HostRoot *root, size_t *ret_n);

/* The thread ids, ascending, zero-terminated; NULL when the process is gone. */
pid_t *host_process_list_threads(HostRoot *root, pid_t pid, size_t *ret_n);

/* Whether the threads of a process have, where it runs, the numbers that we see: in a pid namespace
 * of its own they have others, and QEMU tells those. */
typedef enum {
    HOST_PROCESS_NUMBERS_UNKNOWN, /* cannot be told now */
    HOST_PROCESS_NUMBERS_SAME,
    HOST_PROCESS_NUMBERS_OTHER,
} HostProcessNumbers;

HostProcessNumbers host_process_read_numbers(HostRoot *root, pid_t pid);

/* The number that a thread has in its own pid namespace; 0 if it cannot be told. */
pid_t host_process_read_own_number(HostRoot *root, pid_t pid, pid_t tid);

/* Proportional set, swap and huge pages, from smaps_rollup and status. KiB. */
typedef struct {
    UtilCount pss_kib;
    UtilCount swap_kib;
    UtilCount hugetlb_kib;
} HostProcessMemory;

/* smaps_rollup, which may block, is read by @reader until @deadline, status by @root. */
void host_process_read_memory(HostRoot *root, HostReader *reader, pid_t pid, UtilDeadline deadline,
                              HostProcessMemory *ret_memory);

/* Nanoseconds out of the cgroup that libvirt made for the process; all absent when its cgroup
 * is not one of libvirt's, or that cannot be told. */
typedef struct {
    UtilCount time_ns;
    UtilCount user_ns;
    UtilCount system_ns;
    bool is_libvirts; /* then an unreadable file means absent, not another source */
    bool is_unknown;  /* whether it is libvirt's could not be read */
} HostProcessCgroup;

void host_process_read_cgroup_cpu(HostRoot *root, pid_t pid, HostProcessCgroup *ret_cpu);
