/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_process: what /proc tells about a process and its threads.
 */
#pragma once

#include "host/host_kept.h"
#include "host/host_reader.h"
#include "host/host_root.h"
#include "util/util_count.h"

/* /proc/<pid>/stat or /proc/<pid>/task/<tid>/stat */
typedef struct {
    char state;            /* R, S, D, T, t, Z, X, I */
    uint64_t parent;       /* its number; 0: none that we see */
    uint64_t kernel_flags; /* PF_* of the kernel */
    uint64_t user_ticks;
    uint64_t system_ticks;
    uint64_t start_ticks; /* since boot; pid and start identify a process */
    uint64_t rss_pages;
    char name[64]; /* comm, unchanged */
} HostProcessStat;

/* Parses the line of stat; false if it is malformed. The name may have blanks and parentheses. */
bool host_process_parse_stat(const char *text, HostProcessStat *ret_stat);

/* @tid 0: the process itself. */
bool host_process_read_stat(HostRoot *root, pid_t pid, pid_t tid, HostProcessStat *ret_stat);
/* The same through a descriptor that is kept open. */
bool host_process_reread_stat(HostKept *kept, pid_t pid, pid_t tid, HostProcessStat *ret_stat);

/* Whether a process exists. */
typedef enum {
    HOST_PROCESS_HIDDEN, /* it exists or may exist, but we cannot see it */
    HOST_PROCESS_LIVES,
    HOST_PROCESS_ENDED, /* certainly; also if another process has its number, or if it is a zombie
                           or about to be one: it closes its descriptors before that */
} HostProcessLook;

/* @start_ticks 0: not known. Sets @ret_stat if the process lives. */
HostProcessLook host_process_look(HostRoot *root, pid_t pid, uint64_t start_ticks,
                                  HostProcessStat *ret_stat);
/* The same, with a file that stays open. */
HostProcessLook host_process_relook(HostRoot *root, HostKept *kept, pid_t pid,
                                    uint64_t start_ticks);

/* The system call in which a thread waits now. */
typedef enum {
    HOST_PROCESS_CALL_UNKNOWN, /* we may not see it */
    HOST_PROCESS_CALL_POLL,    /* poll(), also one that goes on after a stop */
    HOST_PROCESS_CALL_PPOLL,   /* ppoll() */
    HOST_PROCESS_CALL_OTHER,   /* another one, or the thread runs */
} HostProcessCall;

/* For a thread that is stopped, the call in which it was stopped. Of a POLL or PPOLL sets
 * @ret_n_fds: how many descriptors it waits for. */
HostProcessCall host_process_read_call(HostRoot *root, pid_t pid, pid_t tid, uint64_t *ret_n_fds);

/* The nanoseconds that a thread waited on a run queue: the second number of schedstat. */
UtilCount host_process_read_run_delay_ns(HostRoot *root, pid_t pid, pid_t tid);
UtilCount host_process_reread_run_delay_ns(HostKept *kept, pid_t pid, pid_t tid);

/* The nanoseconds of wait_sum in the text of a sched file; absent if the kernel prints no such
 * line. */
UtilCount host_process_parse_wait_sum_ns(const char *sched_text);
UtilCount host_process_read_wait_sum_ns(HostRoot *root, pid_t pid, pid_t tid);

/* True if sched files have that line now (sched_schedstats is on). To be asked once a call, as the
 * sched file is expensive to read. */
bool host_process_has_wait_sum(HostRoot *root);

/* The name of a thread; NULL if it has ended. The caller frees. */
char *host_process_read_name(HostRoot *root, pid_t pid, pid_t tid);

/* The kernel's name of the function that a thread sleeps in; "" if the kernel does not tell. The
 * caller frees. */
char *host_process_read_wait_channel(HostRoot *root, pid_t pid, pid_t tid);

/* Whether a thread waits in a poll: a main loop that has nothing to do does. */
typedef enum {
    HOST_PROCESS_POLL_UNKNOWN, /* the kernel does not tell us */
    HOST_PROCESS_POLL_NO,      /* it runs, or waits for something else */
    HOST_PROCESS_POLL_YES,
} HostProcessPoll;

/* @tid 0: the main thread of @pid. One small read, and another if it is in no poll. */
HostProcessPoll host_process_look_at_poll(HostRoot *root, pid_t pid, pid_t tid);
/* The same of a main thread, with a file that stays open. */
HostProcessPoll host_process_relook_at_poll(HostRoot *root, HostKept *kept, pid_t pid);

/* How long and how often a thread has run, by schedstat: as long as both are the same, it has not
 * run. False if the kernel does not tell. */
typedef struct {
    uint64_t ns;
    uint64_t n_times;
} HostProcessRuns;

bool host_process_read_runs(HostRoot *root, pid_t pid, pid_t tid, HostProcessRuns *ret_runs);

/* How long a thread has run, and waited on a run queue, by schedstat. Both are absent if the kernel
 * does not count that. */
typedef struct {
    UtilCount run_ns;
    UtilCount delay_ns;
} HostProcessTimes;

/* False if the thread has ended. */
bool host_process_reread_times(HostKept *kept, pid_t pid, pid_t tid, HostProcessTimes *ret_times);

/* How long ago a process started, in seconds; absent if that cannot be told. */
UtilCount host_process_read_age_s(HostRoot *root, uint64_t start_ticks);

/* The numbers of all processes that /proc shows, ascending, ended by 0; NULL with errno. @ret_n may
 * be NULL. The caller frees. */
pid_t *host_process_list(HostRoot *root, size_t *ret_n);

/* The numbers of the threads of a process, likewise; NULL with errno also if it has ended. */
pid_t *host_process_list_threads(HostRoot *root, pid_t pid, size_t *ret_n);

/* Whether the numbers that we see for the threads of a process are those that it sees itself. In a
 * pid namespace of its own they differ, and QEMU reports the ones that it sees. */
typedef enum {
    HOST_PROCESS_NUMBERS_UNKNOWN, /* cannot be read now */
    HOST_PROCESS_NUMBERS_SAME,
    HOST_PROCESS_NUMBERS_OTHER,
} HostProcessNumbers;

HostProcessNumbers host_process_read_numbers(HostRoot *root, pid_t pid);

/* The number that a thread has in its own pid namespace; 0 if it cannot be read. */
pid_t host_process_read_own_number(HostRoot *root, pid_t pid, pid_t tid);

/* Proportional set size, swap and huge pages, in KiB. */
typedef struct {
    UtilCount pss_kib;
    UtilCount swap_kib;
    UtilCount hugetlb_kib;
} HostProcessMemory;

/* Read into one structure, each what it is called. The first reads smaps_rollup, which may block,
 * with
 * @reader until @deadline; the kernel walks all memory of the process for it. The other one reads
 * status. */
void host_process_read_pss(HostReader *reader, pid_t pid, UtilDeadline deadline,
                           HostProcessMemory *memory);
void host_process_reread_hugetlb(HostKept *kept, pid_t pid, HostProcessMemory *memory);

/* Nanoseconds, from the cgroup that libvirt made for a process; all absent if its cgroup is not one
 * of libvirt's, or cannot be read. */
typedef struct {
    UtilCount time_ns;
    UtilCount user_ns;
    UtilCount system_ns;
    bool is_libvirts; /* then a file that cannot be read means absent: no other source is used */
    bool is_unknown;  /* the process's cgroup could not be read */
} HostProcessCgroup;

void host_process_read_cgroup_cpu(HostRoot *root, pid_t pid, HostProcessCgroup *ret_cpu);
