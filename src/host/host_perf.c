/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_perf: the kernel's performance counters of one process, by libvirt's event names.
 *
 * Owns one descriptor an event. Counters are opened on the process with inheritance: threads
 * made later are counted, those that are there already are not, save the first (as libvirt
 * does; perf_event_open(2)). Knows nothing of QEMU.
 */
#include "host_perf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host_root.h"
#include "host_text.h"
#include "util/util_error.h"
#include "util/util_fd.h"

#define CACHE_MONITOR    "sys/bus/event_source/devices/intel_cqm/"
#define TYPE_OF_MONITOR  UINT32_MAX /* stands for the number in CACHE_MONITOR's type file */
#define MAX_NUMBER_BYTES 32

typedef struct {
    const char *name;
    uint32_t type;
    uint64_t config;
    const char *scale_path; /* of a file with the factor to bytes; NULL: 1 */
} Event;

/* THE table of events, in the order that libvirt gives them. */
static const Event events_known[] = {
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

/* Says which errors of perf_event_open() mean that this machine has no such counter. */
static const int lacking_errnos[] = {ENOENT, ENODEV, EOPNOTSUPP, EINVAL, ENOSYS, ENXIO};

typedef struct {
    const Event *event;
    uint64_t scale;
    UtilFd fd;
} Counter;

struct HostPerf {
    GArray *counters; /* Counter */
};

const char *
host_perf_event_name(size_t i)
{
    return i < G_N_ELEMENTS(events_known) ? events_known[i].name : NULL;
}

bool
host_perf_check_name(const char *name, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(events_known); i++) {
        if (g_str_equal(events_known[i].name, name))
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

static UtilCount
read_number(HostRoot *root, const char *path)
{
    char text[MAX_NUMBER_BYTES] = "";

    if (host_root_read(root, path, text, sizeof(text)) <= 0)
        return (UtilCount){0};
    return host_text_whole_count(text);
}

/* Fills in type and scale; false if this machine has no such counter. */
static bool
find_counter(HostRoot *root, const Event *event, uint32_t *ret_type, uint64_t *ret_scale)
{
    UtilCount type = util_count_of(event->type);
    UtilCount scale = util_count_of(1);

    if (event->type == TYPE_OF_MONITOR)
        type = read_number(root, CACHE_MONITOR "type");
    if (event->scale_path)
        scale = read_number(root, event->scale_path);
    if (!type.is_present || type.value >= TYPE_OF_MONITOR || !scale.is_present)
        return false;
    *ret_type = (uint32_t)type.value;
    *ret_scale = scale.value;
    return true;
}

/* A counter's descriptor; -1 with errno. */
static int
open_counter(pid_t pid, uint32_t type, uint64_t config)
{
    struct perf_event_attr attr = {
        .size = sizeof(attr),
        .type = type,
        .config = config,
        .inherit = 1,
    };

    return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
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

static bool
add_counter(HostPerf *self, HostRoot *root, pid_t pid, const Event *event, GError **error)
{
    Counter counter = {.event = event, .fd = -1};
    uint32_t type = 0;

    if (!find_counter(root, event, &type, &counter.scale))
        return true;
    counter.fd = open_counter(pid, type, event->config);
    if (counter.fd >= 0) {
        g_array_append_val(self->counters, counter);
        return true;
    }
    if (is_lacking(errno))
        return true;
    g_set_error(error, UTIL_ERROR, error_of_errno(errno),
                "cannot count perf event '%s' of process %d: %s", event->name, pid,
                g_strerror(errno));
    return false;
}

static void
clear_counter(gpointer data)
{
    Counter *counter = data;

    util_fd_clear(&counter->fd);
}

HostPerf *
host_perf_open(pid_t pid, const char *const *events, GError **error)
{
    g_autoptr(HostPerf) self = g_new0(HostPerf, 1);
    g_autoptr(HostRoot) root = host_root_new_live();

    self->counters = g_array_new(FALSE, FALSE, sizeof(Counter));
    g_array_set_clear_func(self->counters, clear_counter);
    if (!host_perf_check_names(events, error))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(events_known); i++) {
        if (g_strv_contains(events, events_known[i].name) &&
            !add_counter(self, root, pid, &events_known[i], error))
            return NULL;
    }
    return g_steal_pointer(&self);
}

void
host_perf_free(HostPerf *self)
{
    if (!self)
        return;
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
    uint64_t value = 0;

    if (i >= self->counters->len)
        return false;
    counter = &g_array_index(self->counters, Counter, i);
    if (read(counter->fd, &value, sizeof(value)) != sizeof(value) ||
        __builtin_mul_overflow(value, counter->scale, &value))
        return false;
    *ret_value = (HostPerfValue){counter->event->name, value};
    return true;
}
