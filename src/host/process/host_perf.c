/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_perf: see host_perf.h.
 *
 * Owns a descriptor for each event and thread. Knows nothing of QEMU.
 *
 * How it works
 *
 * The kernel counts events of one thread and, with inheritance, of the threads that it will start
 * (perf_event_open(2)); an event of a process is one of its first thread. libvirt opens its events
 * before QEMU has a second thread. We find a QEMU that already runs, so we open each event on every
 * thread that exists, and the value is their sum. The count of a thread that ends stays in its
 * event. A thread that starts later is counted in the event of the thread that started it.
 *
 * A thread that starts while the events are being opened may be counted by inheritance or not, and
 * the kernel does not tell. So the threads are listed again when all events are open: if there is a
 * new one, all events are closed and opened again.
 */
#include "host_perf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/host_limits.h"
#include "host_process.h"
#include "util/util_error.h"
#include "util/util_fd.h"

#define CACHE_MONITOR   "sys/bus/event_source/devices/intel_cqm/"
#define TYPE_OF_MONITOR UINT32_MAX /* stands for the number in the file "type" of CACHE_MONITOR */
#define MAX_ATTEMPTS    8

typedef struct {
    const char *name;
    uint32_t type;
    uint64_t config;
    const char *scale_path; /* of a file that has the factor to bytes; NULL: the factor is 1 */
} Event;

/* All events, in the order in which libvirt gives them. */
static const Event known_events[] = {
    {"cmt", TYPE_OF_MONITOR, 1, CACHE_MONITOR "events/llc_occupancy.scale"},
    {"mbmt", TYPE_OF_MONITOR, 2, NULL},
    {"mbml", TYPE_OF_MONITOR, 3, NULL},
    {"cpu_cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, NULL},
    {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, NULL},
    {"cache_references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES, NULL},
    {"cache_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, NULL},
    {"branch_instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS, NULL},
    {"branch_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, NULL},
    {"bus_cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES, NULL},
    {"stalled_cycles_frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, NULL},
    {"stalled_cycles_backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND, NULL},
    {"ref_cpu_cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES, NULL},
    {"cpu_clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, NULL},
    {"task_clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, NULL},
    {"page_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, NULL},
    {"context_switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, NULL},
    {"cpu_migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, NULL},
    {"page_faults_min", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN, NULL},
    {"page_faults_maj", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ, NULL},
    {"alignment_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS, NULL},
    {"emulation_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS, NULL},
};

/* The errors of perf_event_open() that mean: this machine has no such counter. */
static const int lacking_errnos[] = {ENOENT, ENODEV, EOPNOTSUPP, EINVAL, ENOSYS, ENXIO};

typedef struct {
    const Event *event;
    uint64_t scale;
    GArray *fds; /* int: one for each thread that existed */
} Counter;

struct HostPerf {
    HostRoot *root;
    GArray *counters;  /* Counter */
    size_t n_reserved; /* descriptors that were reserved at the root */
};

const char *
host_perf_event_name(size_t i)
{
    return i < G_N_ELEMENTS(known_events) ? known_events[i].name : NULL;
}

bool
host_perf_check_name(const char *name, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known_events); i++) {
        if (g_str_equal(known_events[i].name, name))
            return true;
    }
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID, "unknown perf event '%s'", name);
    return false;
}

bool
host_perf_check_names(const char *const *events, GError **error)
{
    for (size_t i = 0; events[i]; i++) {
        if (!host_perf_check_name(events[i], error))
            return false;
    }
    return true;
}

/* Finds the type of the event and its scale; false if this machine has no such counter. */
static bool
find_counter(HostRoot *root, const Event *event, uint32_t *ret_type, uint64_t *ret_scale)
{
    UtilCount type = util_count_of(event->type);
    UtilCount scale = util_count_of(1);

    if (event->type == TYPE_OF_MONITOR)
        type = host_root_read_count(root, CACHE_MONITOR "type");
    if (event->scale_path)
        scale = host_root_read_count(root, event->scale_path);
    if (!type.is_present || type.value >= TYPE_OF_MONITOR || !scale.is_present)
        return false;
    *ret_type = (uint32_t)type.value;
    *ret_scale = scale.value;
    return true;
}

/* A descriptor that counts the event in one thread; -1 with errno. */
static int
open_counter(pid_t thread, uint32_t type, uint64_t config)
{
    struct perf_event_attr attr = {
        .size = sizeof(attr),
        .type = type,
        .config = config,
        .inherit = 1,
    };

    return (int)syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static bool
is_lacking(int number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(lacking_errnos); i++) {
        if (lacking_errnos[i] == number)
            return true;
    }
    return false;
}

static int
error_of_errno(int number)
{
    if (number == EPERM || number == EACCES)
        return UTIL_ERROR_DENIED;
    return number == ESRCH ? UTIL_ERROR_CONNECT : UTIL_ERROR_SYSTEM;
}

static void
clear_counter(gpointer data)
{
    Counter *counter = data;

    for (guint i = 0; i < counter->fds->len; i++)
        close(g_array_index(counter->fds, int, i));
    g_array_unref(counter->fds);
}

/* Opens @counter on each of @threads, except those that have ended meanwhile. False, with errno, if
 * one cannot be opened or all have ended. */
static bool
open_on_threads(Counter *counter, const pid_t *threads, uint32_t type)
{
    for (size_t i = 0; threads[i] != 0; i++) {
        int fd = open_counter(threads[i], type, counter->event->config);

        if (fd >= 0)
            g_array_append_val(counter->fds, fd);
        else if (errno != ESRCH)
            return false;
    }
    errno = ESRCH;
    return counter->fds->len > 0;
}

static bool
add_counter(HostPerf *self, pid_t pid, const pid_t *threads, const Event *event, GError **error)
{
    Counter counter = {.event = event};
    uint32_t type = 0;
    int number = 0;

    if (!find_counter(self->root, event, &type, &counter.scale))
        return true;
    counter.fds = g_array_new(FALSE, FALSE, sizeof(int));
    if (open_on_threads(&counter, threads, type)) {
        g_array_append_val(self->counters, counter);
        return true;
    }
    number = errno;
    clear_counter(&counter);
    if (is_lacking(number))
        return true;
    g_set_error(error, UTIL_ERROR, error_of_errno(number),
                "cannot count perf event '%s' of process %d: %s", event->name, (int)pid,
                g_strerror(number));
    return false;
}

static void
close_all(HostPerf *self)
{
    g_array_set_size(self->counters, 0);
    host_root_release(self->root, self->n_reserved);
    self->n_reserved = 0;
}

/* Reserves a descriptor for each thread and each of @events. */
static bool
reserve(HostPerf *self, pid_t pid, size_t n_threads, const char *const *events, GError **error)
{
    size_t n_events = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(known_events); i++) {
        if (g_strv_contains(events, known_events[i].name))
            n_events++;
    }
    if (n_threads * n_events <= HOST_LIMIT_PERF_COUNTERS &&
        host_root_reserve(self->root, n_threads * n_events)) {
        self->n_reserved = n_threads * n_events;
        return true;
    }
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM,
                "perf events of the %zu threads of process %d need more descriptors than there are",
                n_threads, (int)pid);
    return false;
}

static bool
open_events(HostPerf *self, pid_t pid, const pid_t *threads, size_t n_threads,
            const char *const *events, GError **error)
{
    if (!reserve(self, pid, n_threads, events, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(known_events); i++) {
        if (g_strv_contains(events, known_events[i].name) &&
            !add_counter(self, pid, threads, &known_events[i], error))
            return false;
    }
    return true;
}

/* True if all threads of @after are in @before too. Both are ascending and end with 0. */
static bool
has_no_new_thread(const pid_t *before, const pid_t *after)
{
    for (; *after != 0; after++) {
        while (*before != 0 && *before < *after)
            before++;
        if (*before != *after)
            return false;
    }
    return true;
}

static pid_t *
list_threads(HostRoot *root, pid_t pid, size_t *ret_n, GError **error)
{
    pid_t *threads = host_process_list_threads(root, pid, ret_n);

    if (threads == NULL)
        g_set_error(error, UTIL_ERROR, error_of_errno(errno == ENOENT ? ESRCH : errno),
                    "cannot list the threads of process %d: %s", (int)pid, g_strerror(errno));
    return threads;
}

HostPerf *
host_perf_open(HostRoot *root, pid_t pid, const char *const *events, GError **error)
{
    g_autoptr(HostPerf) self = g_new0(HostPerf, 1);
    size_t n = 0;
    g_autofree pid_t *threads = NULL;

    self->root = root;
    self->counters = g_array_new(FALSE, FALSE, sizeof(Counter));
    g_array_set_clear_func(self->counters, clear_counter);
    if (!host_perf_check_names(events, error))
        return NULL;
    threads = list_threads(root, pid, &n, error);
    for (int attempt = 0; threads != NULL && attempt < MAX_ATTEMPTS; attempt++) {
        g_autofree pid_t *before = g_steal_pointer(&threads);

        if (!open_events(self, pid, before, n, events, error))
            return NULL;
        threads = list_threads(root, pid, &n, error);
        if (threads != NULL && has_no_new_thread(before, threads))
            return g_steal_pointer(&self);
        close_all(self);
    }
    if (threads != NULL)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM,
                    "process %d makes threads faster than they can be counted", (int)pid);
    return NULL;
}

void
host_perf_free(HostPerf *self)
{
    if (!self)
        return;
    close_all(self);
    g_array_unref(self->counters);
    g_free(self);
}

size_t
host_perf_n_events(const HostPerf *self)
{
    return self->counters->len;
}

bool
host_perf_read(const HostPerf *self, size_t i, HostPerfValue *ret_value)
{
    const Counter *counter = NULL;
    uint64_t sum = 0;

    if (i >= self->counters->len)
        return false;
    counter = &g_array_index(self->counters, Counter, i);
    for (guint k = 0; k < counter->fds->len; k++) {
        uint64_t value = 0;

        if (read(g_array_index(counter->fds, int, k), &value, sizeof(value)) != sizeof(value) ||
            __builtin_add_overflow(sum, value, &sum))
            return false;
    }
    if (__builtin_mul_overflow(sum, counter->scale, &sum))
        return false;
    *ret_value = (HostPerfValue){counter->event->name, sum};
    return true;
}
