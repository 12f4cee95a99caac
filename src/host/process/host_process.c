/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_process: see host_process.h.
 *
 * Owns nothing: each call reads what it needs. Numbers stay in the kernel's units, as ticks have to
 * be converted by the rate of their host. The cgroup of a process is read by host_cgroup.c.
 */
#include "host_process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "host/host_limits.h"
#include "host/host_text.h"

#define MAX_LINE_BYTES 64
#define NS_DIGITS      6 /* decimals of a millisecond, down to the nanosecond */

/* Enough for the line of stat, in which only the name is text, of 64 bytes at most. */
#define FLAG_EXITING   0x4 /* PF_EXITING */
#define MAX_STAT_BYTES 1024
/* As much as /proc gives with one read(); the lines that we look for are in it. */
#define MAX_SCHED_BYTES  4096
#define MAX_STATUS_BYTES 16384

static const char stat_file[] = "stat";
static const char schedstat_file[] = "schedstat";
static const char wchan_file[] = "wchan";
static const char status_file[] = "status";

/* Fields of stat by their numbers in proc(5). */
typedef struct {
    int field;
    size_t offset;
} StatField;

static const StatField stat_fields[] = {
    {4, offsetof(HostProcessStat, parent)},       {9, offsetof(HostProcessStat, kernel_flags)},
    {14, offsetof(HostProcessStat, user_ticks)},  {15, offsetof(HostProcessStat, system_ticks)},
    {22, offsetof(HostProcessStat, start_ticks)}, {24, offsetof(HostProcessStat, rss_pages)},
};

static bool
parse_stat_numbers(const char *text, HostProcessStat *stat)
{
    int at_field = 4;
    const char *skipped = NULL;
    size_t size = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(stat_fields); i++) {
        void *place = (char *)stat + stat_fields[i].offset;

        for (; at_field < stat_fields[i].field; at_field++) {
            if (!host_text_take_field(&text, &skipped, &size))
                return false;
        }
        if (!host_text_take_count(&text, place))
            return false;
        at_field++;
    }
    return true;
}

bool
host_process_parse_stat(const char *text, HostProcessStat *ret_stat)
{
    HostProcessStat stat = {0};
    const char *name = strchr(text, '(');
    const char *behind = strrchr(text, ')'); /* the last one, as a name may have a ")" in it */
    size_t size = 0;

    if (!name || !behind || behind < name)
        return false;
    name++;
    size = (size_t)(behind - name);
    if (size >= sizeof(stat.name))
        return false;
    memcpy(stat.name, name, size);
    if (behind[1] != ' ' || !g_ascii_isalpha(behind[2]) || behind[3] != ' ')
        return false;
    stat.state = behind[2];
    if (!parse_stat_numbers(behind + 3, &stat))
        return false;
    *ret_stat = stat;
    return true;
}

bool
host_process_read_stat(HostRoot *root, pid_t pid, pid_t tid, HostProcessStat *ret_stat)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    char text[MAX_STAT_BYTES] = "";

    host_kept_make_path(path, pid, tid, stat_file);
    return host_root_read(root, path, text, sizeof(text)) > 0 &&
           host_process_parse_stat(text, ret_stat);
}

bool
host_process_reread_stat(HostKept *kept, pid_t pid, pid_t tid, HostProcessStat *ret_stat)
{
    char text[MAX_STAT_BYTES] = "";

    return host_kept_read(kept, pid, tid, stat_file, text, sizeof(text)) > 0 &&
           host_process_parse_stat(text, ret_stat);
}

/* Asks the kernel about a process that /proc does not show: with hidepid= it does not show those of
 * other users, and it may be the /proc of another pid namespace. */
static HostProcessLook
ask_kernel(pid_t pid)
{
    return kill(pid, 0) < 0 && errno == ESRCH ? HOST_PROCESS_ENDED : HOST_PROCESS_HIDDEN;
}

/* What a stat that was read, or not, with errno, shows. */
static HostProcessLook
judge_stat(HostRoot *root, pid_t pid, uint64_t start_ticks, bool was_read,
           const HostProcessStat *stat)
{
    if (!was_read) {
        if (errno != ENOENT && errno != ESRCH)
            return HOST_PROCESS_HIDDEN;
        return host_root_is_live(root) ? ask_kernel(pid) : HOST_PROCESS_ENDED;
    }
    if ((start_ticks != 0 && stat->start_ticks != start_ticks) || stat->state == 'Z' ||
        stat->state == 'X' || (stat->kernel_flags & FLAG_EXITING) != 0)
        return HOST_PROCESS_ENDED;
    return HOST_PROCESS_LIVES;
}

HostProcessLook
host_process_look(HostRoot *root, pid_t pid, uint64_t start_ticks, HostProcessStat *ret_stat)
{
    HostProcessStat stat = {0};
    HostProcessLook look = HOST_PROCESS_HIDDEN;

    errno = 0;
    look = judge_stat(root, pid, start_ticks, host_process_read_stat(root, pid, 0, &stat), &stat);
    if (look == HOST_PROCESS_LIVES)
        *ret_stat = stat;
    return look;
}

HostProcessLook
host_process_relook(HostRoot *root, HostKept *kept, pid_t pid, uint64_t start_ticks)
{
    HostProcessStat stat = {0};

    errno = 0;
    return judge_stat(root, pid, start_ticks, host_process_reread_stat(kept, pid, 0, &stat), &stat);
}

static UtilCount
parse_run_delay_ns(const char *text)
{
    UtilCount delay = {0};
    uint64_t run_ns = 0;

    if (host_text_take_count(&text, &run_ns))
        delay.is_present = host_text_take_count(&text, &delay.value);
    return delay;
}

UtilCount
host_process_read_run_delay_ns(HostRoot *root, pid_t pid, pid_t tid)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    char text[MAX_LINE_BYTES] = "";

    host_kept_make_path(path, pid, tid, schedstat_file);
    if (host_root_read(root, path, text, sizeof(text)) <= 0)
        return (UtilCount){0};
    return parse_run_delay_ns(text);
}

UtilCount
host_process_reread_run_delay_ns(HostKept *kept, pid_t pid, pid_t tid)
{
    char text[MAX_LINE_BYTES] = "";

    if (host_kept_read(kept, pid, tid, schedstat_file, text, sizeof(text)) <= 0)
        return (UtilCount){0};
    return parse_run_delay_ns(text);
}

/* Converts milliseconds with decimals to nanoseconds, exactly, which floating point would not do.
 * Digits below the nanosecond are dropped. */
static UtilCount
parse_ms_as_ns(const char *text)
{
    UtilCount ns = {0};
    int n_decimals = -1; /* no point yet */

    while (*text == ' ' || *text == ':' || *text == '\t')
        text++;
    if (!g_ascii_isdigit(*text))
        return ns;
    for (; g_ascii_isdigit(*text) || (*text == '.' && n_decimals < 0); text++) {
        if (*text == '.') {
            n_decimals = 0;
        } else if (n_decimals < NS_DIGITS) {
            if (__builtin_mul_overflow(ns.value, 10U, &ns.value) ||
                __builtin_add_overflow(ns.value, (uint64_t)(*text - '0'), &ns.value))
                return ns;
            n_decimals += n_decimals >= 0;
        }
    }
    for (int i = MAX(n_decimals, 0); i < NS_DIGITS; i++) {
        if (__builtin_mul_overflow(ns.value, 10U, &ns.value))
            return ns;
    }
    ns.is_present = *text == '\n' || *text == '\0';
    return ns;
}

UtilCount
host_process_parse_wait_sum_ns(const char *sched_text)
{
    /* The spellings of kernels since 5.16, of those before, and of much older ones. */
    static const char *const names[] = {"wait_sum", "se.statistics.wait_sum", "se.wait_sum"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *behind = host_text_find_line(sched_text, names[i]);

        if (behind && (*behind == ' ' || *behind == ':'))
            return parse_ms_as_ns(behind);
    }
    return (UtilCount){0};
}

UtilCount
host_process_read_wait_sum_ns(HostRoot *root, pid_t pid, pid_t tid)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    char text[MAX_SCHED_BYTES] = "";

    host_kept_make_path(path, pid, tid, "sched");
    if (host_root_read(root, path, text, sizeof(text)) <= 0)
        return (UtilCount){0};
    return host_process_parse_wait_sum_ns(text);
}

bool
host_process_has_wait_sum(HostRoot *root)
{
    char text[MAX_SCHED_BYTES] = "";

    if (host_root_read(root, "proc/sys/kernel/sched_schedstats", text, sizeof(text)) > 0)
        return text[0] == '1';
    /* Kernels without this switch print the line always or never. */
    return host_root_read(root, "proc/self/sched", text, sizeof(text)) > 0 &&
           host_process_parse_wait_sum_ns(text).is_present;
}

char *
host_process_read_name(HostRoot *root, pid_t pid, pid_t tid)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    char text[MAX_LINE_BYTES] = "";

    host_kept_make_path(path, pid, tid, "comm");
    if (host_root_read(root, path, text, sizeof(text)) <= 0)
        return NULL;
    return g_strndup(text, strcspn(text, "\n"));
}

char *
host_process_read_wait_channel(HostRoot *root, pid_t pid, pid_t tid)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    char text[256] = "";

    host_kept_make_path(path, pid, tid, wchan_file);
    if (host_root_read(root, path, text, sizeof(text)) <= 0)
        return g_strdup("");
    g_strchomp(text);
    for (const char *at = text; *at; at++) {
        if (!g_ascii_isgraph(*at))
            return g_strdup("");
    }
    return g_strdup(g_str_equal(text, "0") ? "" : text);
}

/* The kind of the call @number, whose fifth argument is the size of a set of signals: where the
 * kernel has no poll(), the C library calls ppoll() for it, without such a set. */
static HostProcessCall
kind_of_call(uint64_t number, const char *fifth)
{
    if (number == SYS_ppoll)
        return g_strcmp0(fifth, "0x0") == 0 ? HOST_PROCESS_CALL_POLL : HOST_PROCESS_CALL_PPOLL;
#ifdef SYS_poll
    if (number == SYS_poll)
        return HOST_PROCESS_CALL_POLL;
#endif
    return number == SYS_restart_syscall ? HOST_PROCESS_CALL_POLL : HOST_PROCESS_CALL_OTHER;
}

HostProcessCall
host_process_read_call(HostRoot *root, pid_t pid, pid_t tid, uint64_t *ret_n_fds)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    char text[MAX_LINE_BYTES] = "";
    g_auto(GStrv) words = NULL; /* the call and its arguments; or "running" */
    uint64_t number = 0;
    HostProcessCall call = HOST_PROCESS_CALL_OTHER;

    host_kept_make_path(path, pid, tid, "syscall");
    if (host_root_read(root, path, text, sizeof(text)) <= 0)
        return HOST_PROCESS_CALL_UNKNOWN;
    words = g_strsplit(text, " ", 7);
    if (g_strv_length(words) < 6 ||
        !g_ascii_string_to_unsigned(words[0], 10, 0, UINT64_MAX, &number, NULL))
        return HOST_PROCESS_CALL_OTHER;
    call = kind_of_call(number, words[5]);
    if (call == HOST_PROCESS_CALL_OTHER || !g_str_has_prefix(words[2], "0x") ||
        !g_ascii_string_to_unsigned(words[2] + 2, 16, 0, UINT64_MAX, ret_n_fds, NULL))
        return HOST_PROCESS_CALL_OTHER;
    return call;
}

/* poll_schedule_timeout, do_poll, do_sys_poll, ep_poll; a select() waits in the first too. */
static bool
is_poll(const char *channel)
{
    return strstr(channel, "poll") != NULL || strstr(channel, "select") != NULL;
}

HostProcessPoll
host_process_relook_at_poll(HostRoot *root, HostKept *kept, pid_t pid)
{
    char text[MAX_LINE_BYTES] = "";

    if (host_kept_read(kept, pid, 0, wchan_file, text, sizeof(text)) > 0 && is_poll(text))
        return HOST_PROCESS_POLL_YES;
    return host_process_look_at_poll(root, pid, 0);
}

HostProcessPoll
host_process_look_at_poll(HostRoot *root, pid_t pid, pid_t tid)
{
    g_autofree char *channel = host_process_read_wait_channel(root, pid, tid);
    HostProcessStat stat = {0};

    if (is_poll(channel))
        return HOST_PROCESS_POLL_YES;
    if (channel[0] != '\0')
        return HOST_PROCESS_POLL_NO;
    /* A thread that runs waits for nothing. If it sleeps, we may not see in what. */
    if (!host_process_read_stat(root, pid, tid, &stat) || stat.state == 'S')
        return HOST_PROCESS_POLL_UNKNOWN;
    return HOST_PROCESS_POLL_NO;
}

bool
host_process_read_runs(HostRoot *root, pid_t pid, pid_t tid, HostProcessRuns *ret_runs)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    char text[MAX_LINE_BYTES] = "";
    const char *at = text;
    uint64_t waited_ns = 0;

    host_kept_make_path(path, pid, tid, schedstat_file);
    /* A kernel that does not count prints zeros. Each thread has run at least once. */
    return host_root_read(root, path, text, sizeof(text)) > 0 &&
           host_text_take_count(&at, &ret_runs->ns) && host_text_take_count(&at, &waited_ns) &&
           host_text_take_count(&at, &ret_runs->n_times) && ret_runs->n_times != 0;
}

bool
host_process_reread_times(HostKept *kept, pid_t pid, pid_t tid, HostProcessTimes *ret_times)
{
    char text[MAX_LINE_BYTES] = "";
    const char *at = text;
    uint64_t values[3] = {0}; /* ran, waited, how often it ran: at least once, where it counts */

    if (host_kept_read(kept, pid, tid, schedstat_file, text, sizeof(text)) <= 0)
        return false;
    *ret_times = (HostProcessTimes){0};
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        if (!host_text_take_count(&at, &values[i]))
            return true;
    if (values[2] == 0)
        return true;
    ret_times->run_ns = util_count_of(values[0]);
    ret_times->delay_ns = util_count_of(values[1]);
    return true;
}

UtilCount
host_process_read_age_s(HostRoot *root, uint64_t start_ticks)
{
    char text[MAX_LINE_BYTES] = "";
    const char *at = text;
    uint64_t start_s = start_ticks / (uint64_t)host_root_ticks_per_second(root);
    UtilCount age_s = {0};

    if (start_ticks == 0 || host_root_read(root, "proc/uptime", text, sizeof(text)) <= 0)
        return age_s;
    text[strcspn(text, ".")] = '\0'; /* the hundredths, and the second number */
    age_s.is_present = host_text_take_count(&at, &age_s.value) && age_s.value >= start_s;
    age_s.value -= age_s.is_present ? start_s : 0;
    return age_s;
}

pid_t *
host_process_list_threads(HostRoot *root, pid_t pid, size_t *ret_n)
{
    char path[HOST_KEPT_PATH_BYTES] = "";

    host_kept_make_path(path, pid, 0, "task");
    return host_root_list_numbers(root, path, HOST_LIMIT_THREADS, ret_n);
}

pid_t *
host_process_list(HostRoot *root, size_t *ret_n)
{
    return host_root_list_numbers(root, "proc", HOST_LIMIT_PROCESSES, ret_n);
}

/* The last number behind "NSpid:" in a status file: the number in the innermost of the nested pid
 * namespaces. Sets @ret_n to how many numbers there are, 0 if there is no such line. */
static pid_t
parse_own_number(const char *status, size_t *ret_n)
{
    const char *at = host_text_find_line(status, "NSpid:");
    uint64_t number = 0;

    *ret_n = 0;
    while (at != NULL && host_text_take_count(&at, &number))
        (*ret_n)++;
    return *ret_n > 0 && number <= G_MAXINT32 ? (pid_t)number : 0;
}

HostProcessNumbers
host_process_read_numbers(HostRoot *root, pid_t pid)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    g_autofree char *status = NULL;
    size_t n = 0;

    host_kept_make_path(path, pid, 0, "status");
    status = host_root_read_all(root, path, MAX_STATUS_BYTES, NULL);
    /* A recording need not have the file: the numbers of its host then needed no translation. */
    if (status == NULL)
        return errno == ENOENT && !host_root_is_live(root) ? HOST_PROCESS_NUMBERS_SAME
                                                           : HOST_PROCESS_NUMBERS_UNKNOWN;
    parse_own_number(status, &n);
    /* Kernels without pid namespaces print no such line. */
    return n <= 1 ? HOST_PROCESS_NUMBERS_SAME : HOST_PROCESS_NUMBERS_OTHER;
}

pid_t
host_process_read_own_number(HostRoot *root, pid_t pid, pid_t tid)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    g_autofree char *status = NULL;
    size_t n = 0;

    host_kept_make_path(path, pid, tid, "status");
    status = host_root_read_all(root, path, MAX_STATUS_BYTES, NULL);
    return status ? parse_own_number(status, &n) : 0;
}

void
host_process_read_pss(HostReader *reader, pid_t pid, UtilDeadline deadline,
                      HostProcessMemory *memory)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    g_autofree char *rollup = NULL;

    host_kept_make_path(path, pid, 0, "smaps_rollup");
    rollup = host_reader_read(reader, pid, path, MAX_STATUS_BYTES, deadline, NULL);
    if (rollup == NULL)
        return;
    memory->pss_kib = host_text_line_count(rollup, "Pss:");
    /* Unlike VmSwap in status, it includes the shared memory of a guest. */
    memory->swap_kib = host_text_line_count(rollup, "Swap:");
}

void
host_process_reread_hugetlb(HostKept *kept, pid_t pid, HostProcessMemory *memory)
{
    char status[MAX_SCHED_BYTES] = "";

    if (host_kept_read(kept, pid, 0, status_file, status, sizeof(status)) > 0)
        memory->hugetlb_kib = host_text_line_count(status, "HugetlbPages:");
}
