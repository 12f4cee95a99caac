/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_cgroup: the processor time of the cgroup that libvirt made for a process; a part of
 * host_process.
 *
 * Owns nothing. A cgroup is taken for libvirt's if it has a name as libvirt's documentation
 * ("Control Groups Resource Management") gives them.
 */
#include <errno.h>
#include <string.h>

#include "host/host_text.h"
#include "host_group_path.h"
#include "host_hierarchy.h"
#include "host_process.h"

#define MAX_CGROUP_BYTES 16384
#define MAX_STAT_BYTES   4096
#define MAX_PATH_BYTES   64
#define NS_PER_US        1000U
#define NS_PER_S         1e9
#define PAST_UINT64      18446744073709551616.0

/* A form of the name of a machine's cgroup: <prefix><digits><separator><name><suffix>. */
typedef struct {
    const char *prefix;
    const char *separator;
    const char *suffix;
} NameForm;

static const NameForm name_forms[] = {
    {"machine-qemu\\x2d", "\\x2d", ".scope"}, /* registered with systemd */
    {"qemu-", "-", ".libvirt-qemu"},          /* without it */
};

static bool
is_machine(const char *part)
{
    for (size_t i = 0; i < G_N_ELEMENTS(name_forms); i++) {
        const NameForm *form = &name_forms[i];
        const char *behind = host_group_path_skip_numbered(part, form->prefix);

        if (behind && g_str_has_prefix(behind, form->separator) &&
            g_str_has_suffix(behind, form->suffix))
            return true;
    }
    return false;
}

/* The cgroup of the machine that the thread in @path belongs to, without the leading slash; NULL if
 * @path is not libvirt's. A path out of our cgroup namespace begins with "..". */
static char *
make_machine_path(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    guint n = g_strv_length(parts);

    while (n > 0 && host_group_path_is_inner(parts[n - 1])) {
        n--;
        g_clear_pointer(&parts[n], g_free);
    }
    /* an empty part, one folder at least, the machine */
    if (n < 3 || *parts[0] != '\0' || !is_machine(parts[n - 1]))
        return NULL;
    for (guint i = 1; i < n; i++) {
        if (*parts[i] == '\0' || g_str_equal(parts[i], "."))
            return NULL;
        if (g_str_equal(parts[i], ".."))
            return NULL;
    }
    return g_strjoinv("/", parts + 1);
}

static char *
read_file(HostRoot *root, const char *const *mounts, const char *machine, const char *name)
{
    for (size_t i = 0; mounts[i]; i++) {
        g_autofree char *path = g_strdup_printf("%s/%s/%s", mounts[i], machine, name);
        char *text = host_root_read_all(root, path, MAX_STAT_BYTES, NULL);

        if (text)
            return text;
    }
    return NULL;
}

static UtilCount
us_to_ns(UtilCount us)
{
    UtilCount ns = {0};

    ns.is_present = us.is_present && !__builtin_mul_overflow(us.value, NS_PER_US, &ns.value);
    return ns;
}

static void
read_v2(HostRoot *root, const char *machine, HostProcessCgroup *cpu)
{
    static const char *const mounts[] = {"sys/fs/cgroup", "sys/fs/cgroup/unified", NULL};
    g_autofree char *text = read_file(root, mounts, machine, "cpu.stat");

    if (!text)
        return;
    cpu->time_ns = us_to_ns(host_text_line_count(text, "usage_usec "));
    cpu->user_ns = us_to_ns(host_text_line_count(text, "user_usec "));
    cpu->system_ns = us_to_ns(host_text_line_count(text, "system_usec "));
}

/* In floating point, as libvirt computes it: 10^9 need not be a multiple of the tick rate. */
static UtilCount
ticks_to_ns(const HostRoot *root, UtilCount ticks)
{
    UtilCount ns = {0};
    double value = (double)ticks.value * (NS_PER_S / (double)host_root_ticks_per_second(root));

    ns.is_present = ticks.is_present && value < PAST_UINT64;
    if (ns.is_present)
        ns.value = (uint64_t)value;
    return ns;
}

static void
read_v1(HostRoot *root, const char *machine, HostProcessCgroup *cpu)
{
    static const char *const mounts[] = {"sys/fs/cgroup/cpuacct", "sys/fs/cgroup/cpu,cpuacct",
                                         NULL};
    g_autofree char *usage = read_file(root, mounts, machine, "cpuacct.usage");
    g_autofree char *stat = read_file(root, mounts, machine, "cpuacct.stat");

    if (usage)
        cpu->time_ns = host_text_whole_count(usage);
    if (stat) {
        cpu->user_ns = ticks_to_ns(root, host_text_line_count(stat, "user "));
        cpu->system_ns = ticks_to_ns(root, host_text_line_count(stat, "system "));
    }
}

/* In this order: where cgroups v1 account processor time, libvirt reads those. */
static const struct {
    const char *controller;
    void (*read)(HostRoot *root, const char *machine, HostProcessCgroup *cpu);
} versions[] = {
    {"cpuacct", read_v1},
    {"", read_v2},
};

void
host_process_read_cgroup_cpu(HostRoot *root, pid_t pid, HostProcessCgroup *ret_cpu)
{
    char path[MAX_PATH_BYTES] = "";
    g_autofree char *text = NULL;

    *ret_cpu = (HostProcessCgroup){0};
    g_snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
    text = host_root_read_all(root, path, MAX_CGROUP_BYTES, NULL);
    /* Without the file there are no cgroups: not in this kernel, or not in this recording. */
    ret_cpu->is_unknown = text == NULL && errno != ENOENT;
    for (size_t i = 0; text && i < G_N_ELEMENTS(versions); i++) {
        g_autofree char *of_pid = host_hierarchy_group(text, versions[i].controller);
        g_autofree char *machine = of_pid ? make_machine_path(of_pid) : NULL;

        if (machine) {
            ret_cpu->is_libvirts = true;
            versions[i].read(root, machine, ret_cpu);
            return;
        }
    }
}
