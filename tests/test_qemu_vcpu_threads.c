/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_vcpu_threads: which threads may come and go without a vCPU or an IOThread that did.
 */
#include "qemu/host/qemu_vcpu_threads.h"

#include "testing.h"

enum { PID = 100, MAX_THREADS = 8 };

/* The names of all threads that there ever are, in the order of their ids from PID on. */
typedef struct {
    const char *sentence;
    const char *names[MAX_THREADS];
    const char *before; /* "xx-" : the threads that are there */
    const char *now;
    bool is_same;
} Row;

static const pid_t vcpus[] = {PID + 1, PID + 2};

#define MAIN "qemu-system-x86"

static const Row rows[] = {
    {"nothing changed", {MAIN, "CPU 0/KVM", "CPU 1/KVM"}, "xxx", "xxx", true},
    {"a worker came", {MAIN, "CPU 0/KVM", "CPU 1/KVM", "worker"}, "xxx-", "xxxx", true},
    {"a worker went", {MAIN, "CPU 0/KVM", "CPU 1/KVM", "worker"}, "xxxx", "xxx-", true},
    {"one worker went, another came",
     {MAIN, "CPU 0/KVM", "CPU 1/KVM", "worker", "worker"},
     "xxxx-",
     "xxx-x",
     true},
    {"a thread of the kernel's came",
     {MAIN, "CPU 0/KVM", "CPU 1/KVM", "vhost-100"},
     "xxx-",
     "xxxx",
     true},
    {"one of io_uring's came",
     {MAIN, "CPU 0/KVM", "CPU 1/KVM", "iou-wrk-102"},
     "xxx-",
     "xxxx",
     true},
    {"a vCPU came", {MAIN, "CPU 0/KVM", "CPU 1/KVM", "CPU 2/KVM"}, "xxx-", "xxxx", false},
    {"a vCPU went", {MAIN, "CPU 0/KVM", "CPU 1/KVM"}, "xxx", "xx-", false},
    {"a vCPU went and a worker came",
     {MAIN, "CPU 0/KVM", "CPU 1/KVM", "worker"},
     "xxx-",
     "xx-x",
     false},
    {"an IOThread came", {MAIN, "CPU 0/KVM", "CPU 1/KVM", "IO iothread1"}, "xxx-", "xxxx", false},
    {"one came whose name is not given yet",
     {MAIN, "CPU 0/KVM", "CPU 1/KVM", MAIN},
     "xxx-",
     "xxxx",
     false},
    {"one came that nearly has a worker's name",
     {MAIN, "CPU 0/KVM", "CPU 1/KVM", "worker2"},
     "xxx-",
     "xxxx",
     false},
    {"one came that cannot be read", {MAIN, "CPU 0/KVM", "CPU 1/KVM", NULL}, "xxx-", "xxxx", false},
    {"a vCPU came to a QEMU that is called as its workers are",
     {"worker", "worker", "worker", "worker"},
     "xxx-",
     "xxxx",
     false},
    {"one came to a QEMU that is called as the kernel's threads are",
     {"vhost-vm", "vhost-vm", "vhost-vm", "vhost-vm"},
     "xxx-",
     "xxxx",
     false},
    {"a worker came to one that is called as the kernel's threads are",
     {"vhost-vm", "CPU 0/KVM", "CPU 1/KVM", "worker"},
     "xxx-",
     "xxxx",
     true},
    {"a worker came to one whose name cannot be read",
     {NULL, "CPU 0/KVM", "CPU 1/KVM", "worker"},
     "xxx-",
     "xxxx",
     false},
    {"all went", {MAIN, "CPU 0/KVM", "CPU 1/KVM"}, "xxx", "---", false},
    {"all came", {MAIN, "CPU 0/KVM", "CPU 1/KVM"}, "---", "xxx", false},
};

typedef struct {
    const char *sentence;
    const char *names[MAX_THREADS];
    const char *found; /* "INDEX:PLACE ", by ascending index */
} NamesRow;

static const NamesRow names_rows[] = {
    {"two vCPUs of KVM", {MAIN, "worker", "CPU 0/KVM", "CPU 1/KVM"}, "0:2 1:3 "},
    {"one was plugged again, behind a later one",
     {MAIN, "CPU 0/KVM", "CPU 2/KVM", "CPU 1/KVM"},
     "0:1 1:3 2:2 "},
    {"vCPUs of TCG", {MAIN, "CPU 0/TCG", "CPU 1/TCG"}, "0:1 1:2 "},
    {"one thread of TCG for all", {MAIN, "ALL CPUs/TCG"}, ""},
    {"threads without names", {MAIN, MAIN, MAIN}, ""},
    {"one that has no name yet", {MAIN, "CPU 0/KVM", MAIN}, "0:1 "},
    {"one that cannot be read", {MAIN, NULL, "CPU 1/KVM"}, "1:2 "},
    {"a QEMU that is called as a vCPU is", {"CPU 0/KVM", "CPU 0/KVM", "CPU 1/KVM"}, ""},
    {"two of one name", {MAIN, "CPU 0/KVM", "CPU 0/KVM"}, ""},
    {"names that are nearly those of vCPUs",
     {MAIN, "CPU /KVM", "CPU 1", "CPU 1/KVM2", "CPU -1/KVM", "CPU x/KVM", "CPU 9999999/KVM"},
     ""},
};

static HostRoot *
make_root(const char *folder, const char *const names[MAX_THREADS])
{
    HostRoot *root = NULL;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    for (int i = 0; i < MAX_THREADS; i++) {
        g_autofree char *path = g_strdup_printf("proc/%d/task/%d/comm", PID, PID + i);
        g_autofree char *text = g_strdup_printf("%s\n", names[i]);

        if (names[i] != NULL)
            testing_write_file(folder, path, text);
    }
    root = host_root_new_recorded(folder, NULL);
    assert_non_null(root);
    return root;
}

static QemuVcpuThreads
pick(const char *which, pid_t ids[MAX_THREADS])
{
    size_t n = 0;

    for (int i = 0; which[i] != '\0'; i++)
        if (which[i] == 'x')
            ids[n++] = PID + i;
    return (QemuVcpuThreads){ids, n};
}

static void
compares(const void *data)
{
    const Row *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, row->names);
    const QemuVcpuThreads told = {vcpus, G_N_ELEMENTS(vcpus)};
    pid_t before[MAX_THREADS] = {0};
    pid_t now[MAX_THREADS] = {0};

    assert_int_equal(
        qemu_vcpu_threads_are_same(root, PID, told, pick(row->before, before), pick(row->now, now)),
        row->is_same);
    testing_remove_folder(folder);
}

static void
finds_by_name(const void *data)
{
    const NamesRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, row->names);
    pid_t ids[MAX_THREADS] = {0};
    g_autoptr(GArray) found = qemu_vcpu_threads_find(root, PID, pick("xxxxxxxx", ids));
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < found->len; i++) {
        const QemuVcpuThread *vcpu = &g_array_index(found, QemuVcpuThread, i);

        g_string_append_printf(text, "%d:%d ", vcpu->index, vcpu->thread - PID);
    }
    assert_string_equal(text->str, row->found);
    testing_remove_folder(folder);
}

int
main(void)
{
    return TESTING_RUN_TABLE("threads", rows, compares) +
           TESTING_RUN_TABLE("names", names_rows, finds_by_name);
}
