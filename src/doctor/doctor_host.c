/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_host: see doctor_host.h. Capabilities have the numbers of linux/capability.h.
 */
#include "doctor_host.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <unistd.h>

#include "host/host_limits.h"
#include "host/host_text.h"
#include "host/process/host_hidden.h"
#include "host/process/host_ksm.h"

enum { NAME_BYTES = 64, KTHREADD = 2 };

/* Sockets of libvirt's that tell which of its services a host has, the one to be started first. */
static const struct {
    const char *socket;
    const char *unit;
} libvirts[] = {
    {"run/libvirt/virtqemud-sock-ro", "virtqemud"},
    {"run/libvirt/libvirt-sock-ro", "libvirtd"},
};

/* Also for a socket, which cannot be opened. */
static bool
exists(HostRoot *root, const char *path)
{
    char text[NAME_BYTES] = "";

    return host_root_read(root, path, text, sizeof(text)) >= 0 || errno == ENXIO;
}

static bool
has_entries(HostRoot *root, const char *path)
{
    g_auto(GStrv) names = host_root_list(root, path, 1);

    return names != NULL && names[0] != NULL;
}

/* The text of a short file; "" if it cannot be read. The caller frees. */
static char *
read_text(HostRoot *root, const char *path)
{
    char *text = host_root_read_all(root, path, HOST_LIMIT_FILE_BYTES, NULL);

    return text != NULL ? text : g_strdup("");
}

static bool
is_set(guint64 capabilities, unsigned int number)
{
    return (capabilities >> number & 1) != 0;
}

static void
look_at_ourselves(HostRoot *root, DoctorFactsHost *host)
{
    g_autofree char *status = read_text(root, "proc/self/status");
    const char *effective = host_text_find_line(status, "CapEff:");
    guint64 capabilities = effective != NULL ? g_ascii_strtoull(effective, NULL, 16) : 0;
    const char *ids = host_text_find_line(status, "Uid:");
    uint64_t user = 1;

    if (ids != NULL && host_text_take_count(&ids, &user) && host_text_take_count(&ids, &user))
        host->is_root = user == 0;
    host->group = getegid();
    host->may_trace = is_set(capabilities, CAP_SYS_PTRACE);
    host->may_count = is_set(capabilities, CAP_PERFMON) || is_set(capabilities, CAP_SYS_ADMIN);
    host->hides_processes = host_hidden_are_others(root);
}

/* Linux 6.4 made threads of QEMU's of the vhost workers. */
static bool
has_vhost_threads(HostRoot *root)
{
    g_autofree char *release = read_text(root, "proc/sys/kernel/osrelease");
    g_auto(GStrv) numbers = g_strsplit(release, ".", 3);
    guint64 major = 0;
    guint64 minor = 0;

    if (g_strv_length(numbers) < 2)
        return false;
    major = g_ascii_strtoull(numbers[0], NULL, 10);
    minor = g_ascii_strtoull(numbers[1], NULL, 10);
    return major > 6 || (major == 6 && minor >= 4);
}

/* What the kernel's configuration says of pressure, where a distribution has put it. */
static void
look_for_psi(HostRoot *root, DoctorFactsHost *host)
{
    g_autofree char *release = read_text(root, "proc/sys/kernel/osrelease");
    g_autofree char *path = g_strconcat("boot/config-", g_strchomp(release), NULL);
    g_autofree char *config = read_text(root, path);

    host->has_psi = host_text_find_line(config, "CONFIG_PSI=y") != NULL;
    host->lacks_psi = config[0] != '\0' && !host->has_psi;
}

static void
look_at_kernel(HostRoot *root, DoctorFactsHost *host)
{
    UtilCount schedstats = host_root_read_count(root, "proc/sys/kernel/sched_schedstats");
    UtilCount paranoid = host_root_read_count(root, "proc/sys/kernel/perf_event_paranoid");
    g_autofree char *schedstat = read_text(root, "proc/self/schedstat");
    g_autofree char *cpuinfo = read_text(root, "proc/cpuinfo");
    g_autofree char *filesystems = read_text(root, "proc/filesystems");

    host->has_schedstats = schedstats.is_present;
    host->keeps_schedstats = schedstats.is_present && schedstats.value != 0;
    host->counts_delay = schedstat[0] != '\0' && !g_str_has_prefix(schedstat, "0 0 0");
    host->has_delayacct = exists(root, "proc/sys/kernel/task_delayacct");
    host->has_pressure = exists(root, "proc/pressure/cpu");
    look_for_psi(root, host);
    host->has_cgroup2 = exists(root, "sys/fs/cgroup/cgroup.controllers");
    host->has_ksm = exists(root, "sys/kernel/mm/ksm/run");
    host->merges_pages = host_ksm_is_on(root);
    host->tells_ksm = exists(root, "proc/self/ksm_stat");
    host->has_vhost_threads = has_vhost_threads(root);
    host->has_kvm = has_entries(root, "sys/devices/virtual/misc/kvm");
    host->is_amd = strstr(cpuinfo, " svm ") != NULL;
    host->is_intel = strstr(cpuinfo, " vmx ") != NULL;
    host->has_resctrl = strstr(filesystems, "\tresctrl\n") != NULL;
    host->has_resctrl_mounted = has_entries(root, "sys/fs/resctrl");
    host->has_perf = exists(root, "proc/sys/kernel/perf_event_paranoid");
    host->perf_paranoid = paranoid.is_present ? (int)MIN(paranoid.value, 9) : -1;
}

static void
take_process(DoctorFactsHost *host, const char *name)
{
    if (strcmp(name, "domstatsd\n") == 0)
        host->runs_service = true;
    if (strcmp(name, "libvirtd\n") == 0 || strcmp(name, "virtqemud\n") == 0)
        host->runs_libvirt = true;
}

static void
look_at_processes(HostRoot *root, DoctorFactsHost *host)
{
    g_autofree pid_t *pids = host_root_list_numbers(root, "proc", HOST_LIMIT_PROCESSES, NULL);
    char name[NAME_BYTES] = "";

    for (size_t i = 0; pids != NULL && pids[i] != 0; i++) {
        g_autofree char *path = g_strdup_printf("proc/%d/comm", (int)pids[i]);

        if (host_root_read(root, path, name, sizeof(name)) < 0)
            continue;
        take_process(host, name);
        host->sees_kernel |= pids[i] == KTHREADD && strcmp(name, "kthreadd\n") == 0;
    }
}

static void
look_at_libvirt(HostRoot *root, DoctorFactsHost *host)
{
    for (size_t i = 0; host->libvirt == NULL && i < G_N_ELEMENTS(libvirts); i++)
        if (exists(root, libvirts[i].socket))
            host->libvirt = libvirts[i].unit;
}

void
doctor_host_look(HostRoot *root, DoctorFactsHost *ret_host)
{
    *ret_host = (DoctorFactsHost){.is_known = true};
    look_at_ourselves(root, ret_host);
    look_at_kernel(root, ret_host);
    look_at_processes(root, ret_host);
    look_at_libvirt(root, ret_host);
}

void
doctor_host_clear(DoctorFactsHost *self)
{
    g_clear_pointer(&self->blind_spot, g_free);
}
