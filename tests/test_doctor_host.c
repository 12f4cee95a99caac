/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_doctor_host: what made trees of /proc and /sys say of a host, and of a domain's process.
 */
#include "doctor/doctor_host.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "doctor/doctor_domain.h"
#include "testing.h"

enum { MOST_FILES = 4 };

typedef struct {
    const char *path;
    const char *text;
} File;

typedef struct {
    const char *sentence;
    File files[MOST_FILES];
    const char *expected; /* names of what is true, in the order of names[] */
} Row;

#define MEMBER(member)                                                                             \
    {                                                                                              \
#member, offsetof(DoctorFactsHost, member)                                                 \
    }
static const struct {
    const char *name;
    size_t offset;
} names[] = {
    MEMBER(is_root),           MEMBER(may_trace),      MEMBER(may_count),
    MEMBER(sees_kernel),       MEMBER(has_schedstats), MEMBER(keeps_schedstats),
    MEMBER(counts_delay),      MEMBER(has_delayacct),  MEMBER(has_pressure),
    MEMBER(has_psi),           MEMBER(lacks_psi),      MEMBER(has_cgroup2),
    MEMBER(has_ksm),           MEMBER(merges_pages),   MEMBER(tells_ksm),
    MEMBER(has_vhost_threads), MEMBER(has_kvm),        MEMBER(is_amd),
    MEMBER(is_intel),          MEMBER(has_resctrl),    MEMBER(has_resctrl_mounted),
    MEMBER(has_perf),          MEMBER(runs_service),   MEMBER(runs_libvirt),
};

#define STATUS "proc/self/status"
#define KERNEL "proc/sys/kernel/"

static const Row rows[] = {
    {"nothing", {{NULL, NULL}}, ""},
    {"root",
     {{STATUS, "Uid:\t1000\t0\t0\t0\nCapEff:\t000001ffffffffff\n"}},
     "is_root may_trace may_count"},
    {"a user", {{STATUS, "Uid:\t0\t1000\t0\t0\nCapEff:\t0000000000000000\n"}}, ""},
    {"a user who may trace",
     {{STATUS, "Uid:\t5\t5\t5\t5\nCapEff:\t0000000000080000\n"}},
     "may_trace"},
    {"a user who may count",
     {{STATUS, "Uid:\t5\t5\t5\t5\nCapEff:\t0000004000000000\n"}},
     "may_count"},
    {"no numbers", {{STATUS, "Uid:\tx\nCapEff:\tz\n"}}, ""},
    {"schedstats on", {{KERNEL "sched_schedstats", "1\n"}}, "has_schedstats keeps_schedstats"},
    {"schedstats off", {{KERNEL "sched_schedstats", "0\n"}}, "has_schedstats"},
    {"delays", {{"proc/self/schedstat", "0 1395698 1\n"}}, "counts_delay"},
    {"no delays",
     {{"proc/self/schedstat", "0 0 0\n"}, {KERNEL "task_delayacct", "0\n"}},
     "has_delayacct"},
    {"pressure", {{"proc/pressure/cpu", "some avg10=0.00\n"}}, "has_pressure"},
    {"pressure is built in",
     {{KERNEL "osrelease", "6.1.0\n"}, {"boot/config-6.1.0", "CONFIG_X=y\nCONFIG_PSI=y\n"}},
     "has_psi"},
    {"pressure is not built in",
     {{KERNEL "osrelease", "6.1.0\n"}, {"boot/config-6.1.0", "# CONFIG_PSI is not set\n"}},
     "lacks_psi"},
    {"cgroup v2", {{"sys/fs/cgroup/cgroup.controllers", "cpu io memory\n"}}, "has_cgroup2"},
    {"KSM is on",
     {{"sys/kernel/mm/ksm/run", "1\n"}, {"proc/self/ksm_stat", ""}},
     "has_ksm merges_pages tells_ksm"},
    {"KSM is off",
     {{"sys/kernel/mm/ksm/run", "0\n"}, {"sys/kernel/mm/ksm/pages_shared", "0\n"}},
     "has_ksm"},
    {"KVM of AMD",
     {{"sys/devices/virtual/misc/kvm/dev", "10:232\n"},
      {"proc/cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm lm\n"}},
     "has_kvm is_amd"},
    {"a processor of AMD's that may not use it",
     {{"proc/cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t\t: fpu lm\n"}},
     ""},
    {"one of Intel's", {{"proc/cpuinfo", "flags\t\t: fpu vmx lm\n"}}, "is_intel"},
    {"resctrl", {{"proc/filesystems", "nodev\tresctrl\n"}}, "has_resctrl"},
    {"another file system", {{"proc/filesystems", "nodev\tresctrlfs\n"}}, ""},
    {"resctrl, mounted",
     {{"proc/filesystems", "nodev\tresctrl\n"}, {"sys/fs/resctrl/schemata", "L3:0=f\n"}},
     "has_resctrl has_resctrl_mounted"},
    {"perf", {{KERNEL "perf_event_paranoid", "2\n"}}, "has_perf"},
    {"Linux 6.4", {{KERNEL "osrelease", "6.4.0-1-amd64\n"}}, "has_vhost_threads"},
    {"Linux 6.1", {{KERNEL "osrelease", "6.1.0-40-amd64\n"}}, ""},
    {"Linux 7.0", {{KERNEL "osrelease", "7.0.1\n"}}, "has_vhost_threads"},
    {"the kernel's threads", {{"proc/2/comm", "kthreadd\n"}}, "sees_kernel"},
    {"a process called so", {{"proc/3/comm", "kthreadd\n"}}, ""},
    {"the service",
     {{"proc/77/comm", "domstatsd\n"}, {"proc/78/comm", "domstatsd2\n"}},
     "runs_service"},
    {"libvirt", {{"proc/77/comm", "virtqemud\n"}}, "runs_libvirt"},
    {"libvirt, in one", {{"proc/77/comm", "libvirtd\n"}}, "runs_libvirt"},
};

/* A text that begins with "-> " is the target of a link. */
static void
make_file(const char *folder, const File *file)
{
    g_autofree char *path = g_build_filename(folder, file->path, NULL);

    testing_write_file(folder, file->path, file->text);
    if (!g_str_has_prefix(file->text, "-> "))
        return;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(file->text + strlen("-> "), path), 0);
}

static HostRoot *
make_root(const char *folder, const File *files)
{
    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    for (size_t i = 0; i < MOST_FILES && files[i].path != NULL; i++)
        make_file(folder, &files[i]);
    return host_root_new_recorded(folder, NULL);
}

static void
looks(const void *data)
{
    const Row *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, row->files);
    g_autoptr(GString) got = g_string_new(NULL);
    g_auto(DoctorFactsHost) host = {0};

    doctor_host_look(root, &host);
    assert_true(host.is_known);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (*(bool *)((char *)&host + names[i].offset))
            g_string_append_printf(got, "%s%s", got->len > 0 ? " " : "", names[i].name);
    assert_string_equal(got->str, row->expected);
    testing_remove_folder(folder);
}

typedef struct {
    const char *sentence;
    File files[MOST_FILES];
    const char *expected;
} PlaceRow;

static const PlaceRow libvirt_rows[] = {
    {"none", {{NULL, NULL}}, NULL},
    {"the old daemon's", {{"run/libvirt/libvirt-sock-ro", ""}}, "libvirtd"},
    {"the new daemon's", {{"run/libvirt/virtqemud-sock-ro", ""}}, "virtqemud"},
    {"both",
     {{"run/libvirt/libvirt-sock-ro", ""}, {"run/libvirt/virtqemud-sock-ro", ""}},
     "virtqemud"},
};

static void
knows_libvirts_unit(const void *data)
{
    const PlaceRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, row->files);
    g_auto(DoctorFactsHost) host = {0};

    doctor_host_look(root, &host);
    if (row->expected == NULL)
        assert_null(host.libvirt);
    else
        assert_string_equal(host.libvirt, row->expected);
    testing_remove_folder(folder);
}

static const PlaceRow process_rows[] = {
    {"a scope",
     {{"proc/42/cgroup", "0::/machine.slice/machine-qemu\\x2d1.scope/libvirt/emulator\n"}},
     "machine-qemu\\x2d1.scope"},
    {"a service", {{"proc/42/cgroup", "0::/system.slice/vm.service\n"}}, "vm.service"},
    {"no unit", {{"proc/42/cgroup", "0::/docker/abc\n"}}, "-"},
    {"no group", {{NULL, NULL}}, "-"},
    {"a container",
     {{"proc/42/ns/pid", "-> pid:[2]"}, {"proc/self/ns/pid", "-> pid:[1]"}},
     "- contained"},
    {"no container", {{"proc/42/ns/pid", "-> pid:[1]"}, {"proc/self/ns/pid", "-> pid:[1]"}}, "-"},
    {"a group that was frozen without systemd",
     {{"proc/42/cgroup", "0::/docker/abc\n"},
      {"sys/fs/cgroup/docker/abc/cgroup.events", "populated 1\nfrozen 1\n"},
      {"sys/fs/cgroup/docker/abc/cgroup.freeze", "1\n"}},
     "- /sys/fs/cgroup/docker/abc/cgroup.freeze"},
    {"one above it",
     {{"proc/42/cgroup", "0::/docker/abc\n"},
      {"sys/fs/cgroup/docker/abc/cgroup.events", "populated 1\nfrozen 1\n"},
      {"sys/fs/cgroup/docker/cgroup.freeze", "1\n"}},
     "- /sys/fs/cgroup/docker/cgroup.freeze"},
    {"AppArmor", {{"proc/42/attr/current", "libvirt-6c2bb7b0 (enforce)\n"}}, "- confined"},
    {"AppArmor that only complains",
     {{"proc/42/attr/current", "libvirt-6c2bb7b0 (complain)\n"}},
     "-"},
    {"vhost", {{"proc/42/fd/7", "-> /dev/vhost-net"}}, "- vhost"},
    {"another device", {{"proc/42/fd/7", "-> /dev/vhost-vsock"}}, "-"},
    {"another profile", {{"proc/42/attr/current", "unconfined\n"}}, "-"},
};

static void
looks_at_the_process(const void *data)
{
    const PlaceRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, row->files);
    const DomstatsRecord record = {.name = (char *)"vm", .id = 42, .pid = 42};
    g_autoptr(DoctorFactsDomain) domain = doctor_domain_new(&record, root);
    g_autofree char *got = NULL;

    doctor_domain_look_for_vhost(domain, root);
    got = g_strconcat(domain->unit != NULL ? domain->unit : "-", domain->freezer != NULL ? " " : "",
                      domain->freezer != NULL ? domain->freezer : "",
                      domain->pid_namespace != NULL ? " contained" : "",
                      domain->is_confined ? " confined" : "", domain->uses_vhost ? " vhost" : "",
                      NULL);
    assert_string_equal(got, row->expected);
    testing_remove_folder(folder);
}

int
main(void)
{
    int n_failed = 0;

    virInitialize(); /* as domstats_open() does */
    n_failed += TESTING_RUN_TABLE("host", rows, looks);
    n_failed += TESTING_RUN_TABLE("libvirt", libvirt_rows, knows_libvirts_unit);
    return n_failed + TESTING_RUN_TABLE("process", process_rows, looks_at_the_process);
}
