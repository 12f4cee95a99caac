/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_host: which threads of the host are QEMU's, what is told of them, and what a file that
 * cannot be read does to all that, out of made trees.
 */
#include "qemu/host/qemu_host.h"

#include <stdio.h>

#include "qemu/facts/qemu_facts.h"
#include "testing.h"

enum { PID = 100, MAX_THREADS = 5 };

#define MAIN   "qemu-system-x86"
#define UNTOLD SIZE_MAX

/* The threads of the process from PID on: what they are called, and what they are called where
 * they run. The first has used one tick, of
 * 10 ms, and waited 1 ns, the second two, and so on.
 */
typedef struct {
    const char *name;
    const char *numbers; /* behind "NSpid:"; NULL: its status cannot be read */
} Thread;

typedef struct {
    const char *sentence;
    Thread threads[MAX_THREADS];
    pid_t vcpus[MAX_THREADS]; /* as QEMU told them, 0-ended unless @n_vcpus says otherwise */
    pid_t iothread;
    size_t n_vcpus;
    const char *expected; /* host's thread and time of each vCPU; the times apart */
} ThreadRow;

static const ThreadRow thread_rows[] = {
    {"threads by the numbers that we see",
     {{MAIN, "100"}, {"CPU 0/KVM", "101"}, {"CPU 1/KVM", "102"}, {"IO io0", "103"}},
     {101, 102},
     103,
     2,
     "101 20, 102 30, vcpus 50, iothreads 40, emulator 10, delay 10"},
    {"QEMU in a pid namespace of its own tells other numbers",
     {{MAIN, "100 1"}, {"CPU 0/KVM", "101\t7"}, {"CPU 1/KVM", "102\t6"}, {"IO io0", "103\t8"}},
     {7, 6},
     8,
     2,
     "101 20, 102 30, vcpus 50, iothreads 40, emulator 10, delay 10"},
    {"a number of another namespace is not taken for ours",
     {{MAIN, "100\t101"}, {"CPU 0/KVM", "101\t102"}, {"CPU 1/KVM", "102\t103"}},
     {102, 103},
     0,
     2,
     "101 20, 102 30, vcpus 50, emulator 10, delay 6"},
    {"of three namespaces the innermost counts",
     {{MAIN, "100\t50\t1"}, {"CPU 0/KVM", "101\t51\t2"}},
     {2},
     0,
     1,
     "101 20, vcpus 20, emulator 10, delay 3"},
    {"one whose number is not there is not known, and no thread is told apart",
     {{MAIN, "100\t1"}, {"CPU 0/KVM", "101\t7"}, {"CPU 1/KVM", NULL}, {"vhost-100", "103\t9"}},
     {7, 6},
     0,
     2,
     "101 20, -, vhost 40, delay 10"},
    {"vCPUs that are not known leave the IOThreads known",
     {{MAIN, "100"}, {"ALL CPUs/TCG", "101"}, {"IO io0", "102"}},
     {101, 101},
     102,
     2,
     "101 20, 101 20, iothreads 30, delay 6"},
    {"what QEMU does not tell its names do",
     {{MAIN, "100"}, {"CPU 0/KVM", "101"}, {"IO io0", "102"}, {"IO mon_iothread", "103"}},
     {0},
     0,
     UNTOLD,
     "vcpus 20, iothreads 30, emulator 50, delay 10"},
    {"without names only the kernel's workers are known",
     {{MAIN, "100"}, {MAIN, "101"}, {"vhost-100", "102"}},
     {0},
     0,
     UNTOLD,
     "vhost 30, delay 6"},
    {"a recording without numbers has ours",
     {{MAIN, NULL}, {"CPU 0/KVM", NULL}},
     {101},
     0,
     1,
     "101 20, vcpus 20, emulator 10, delay 3"},
    {"a thread that runs several vCPUs is none's, and not the emulator's",
     {{MAIN, "100"}, {"ALL CPUs/TCG", "101"}},
     {0, 0},
     0,
     2,
     "-, -, delay 3"},
    {"a QEMU that is called as the kernel's threads are has none of them",
     {{"vhost-vm", "100"}, {"vhost-vm", "101"}},
     {101},
     0,
     1,
     "101 20, vcpus 20, emulator 10, delay 3"},
};

static void
write_stat(const char *folder, const char *path, int number, const char *name, int ticks)
{
    g_autofree char *text = g_strdup_printf("%d (%s) S 1 1 1 0 -1 0 0 0 0 0 %d 0 0 0 20 0 1 0 77 "
                                            "4096 1 0 0\n",
                                            number, name, ticks);

    testing_write_file(folder, path, text);
}

static void
write_thread(const char *folder, int i, const Thread *thread)
{
    g_autofree char *task = g_strdup_printf("proc/%d/task/%d", PID, PID + i);
    g_autofree char *stat = g_strconcat(task, "/stat", NULL);
    g_autofree char *comm = g_strconcat(task, "/comm", NULL);
    g_autofree char *delays = g_strconcat(task, "/schedstat", NULL);
    g_autofree char *status = g_strconcat(task, "/status", NULL);
    g_autofree char *delay = g_strdup_printf("%d0000000 %d 1\n", i + 1, i + 1);
    g_autofree char *numbers = g_strdup_printf("Name:\tx\nNSpid:\t%s\nThreads:\t1\n",
                                               thread->numbers ? thread->numbers : "");
    g_autofree char *name = g_strconcat(thread->name, "\n", NULL);

    write_stat(folder, stat, PID + i, thread->name, i + 1);
    testing_write_file(folder, comm, name);
    testing_write_file(folder, delays, delay);
    if (thread->numbers != NULL)
        testing_write_file(folder, status, numbers);
}

static HostRoot *
make_root(const char *folder, const Thread *threads)
{
    HostRoot *root = NULL;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    write_stat(folder, "proc/100/stat", PID, threads[0].name, 5);
    for (int i = 0; i < MAX_THREADS && threads[i].name != NULL; i++)
        write_thread(folder, i, &threads[i]);
    if (threads[0].numbers != NULL) {
        g_autofree char *status = g_strdup_printf("NSpid:\t%s\n", threads[0].numbers);

        testing_write_file(folder, "proc/100/status", status);
    }
    root = host_root_new_recorded(folder, NULL);
    assert_non_null(root);
    return root;
}

static QemuDomain *
make_domain(void)
{
    g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new("key", "name");

    endpoint->is_active = true;
    endpoint->pid = PID;
    return qemu_domain_new(endpoint);
}

static void
fill_threads(QemuFacts *facts, const ThreadRow *row)
{
    QemuFactsIothread iothread = {.id = "io0", .thread_id = row->iothread};

    if (row->n_vcpus == UNTOLD)
        return;
    facts->vcpus = qemu_facts_new_vcpus(row->n_vcpus);
    for (size_t i = 0; i < row->n_vcpus; i++) {
        QemuFactsVcpu vcpu = {.index = (int)i, .thread_id = row->vcpus[i]};

        g_array_append_val(facts->vcpus, vcpu);
    }
    facts->iothreads = g_array_new(FALSE, FALSE, sizeof(QemuFactsIothread));
    if (row->iothread != 0)
        g_array_append_val(facts->iothreads, iothread);
}

static void
append_time(GString *text, const char *name, UtilCount time, uint64_t unit)
{
    if (time.is_present)
        g_string_append_printf(text, "%s%s %d", text->len > 0 ? ", " : "", name,
                               (int)(time.value / unit));
}

/* The caller frees. */
static char *
describe(const QemuFacts *facts)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; facts->vcpus != NULL && i < facts->vcpus->len; i++) {
        const QemuFactsVcpu *vcpu = &g_array_index(facts->vcpus, QemuFactsVcpu, i);
        g_autofree char *number = g_strdup_printf("%d", (int)vcpu->host_thread);

        if (vcpu->has_host)
            append_time(text, number, vcpu->time_ns, 1000000);
        else
            g_string_append(text, text->len > 0 ? ", -" : "-");
    }
    append_time(text, "vcpus", facts->host.vcpus.run_ns, 1000000);
    append_time(text, "iothreads", facts->host.iothreads.run_ns, 1000000);
    append_time(text, "vhost", facts->host.vhost.run_ns, 1000000);
    append_time(text, "emulator", facts->host.emulator.run_ns, 1000000);
    append_time(text, "delay", facts->host.run_delay_ns, 1);
    return g_string_free(text, FALSE);
}

static void
tells_threads(const void *data)
{
    static const QemuRequest request = {.stats = VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_CPU_TOTAL,
                                        .extras = DOMSTATS_CALL_EXT};
    const ThreadRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, row->threads);
    g_autoptr(QemuHostView) view = qemu_host_view_new(root, NULL, NULL);
    g_autoptr(QemuDomain) domain = make_domain();
    QemuJob *job = qemu_job_new(domain, &request);
    g_autofree char *got = NULL;
    g_auto(QemuFacts) facts = {0};

    qemu_facts_init(&facts);
    fill_threads(&facts, row);
    qemu_host_read_facts(view, job, &facts);
    got = describe(&facts);
    testing_assert_same_text(got, row->expected);
    qemu_job_free(job);
    testing_remove_folder(folder);
}

/* How many vCPUs the threads of a QEMU that does not answer tell. */
typedef struct {
    const char *sentence;
    Thread threads[MAX_THREADS];
    int n_vcpus; /* -1: not known */
} NameRow;

static const NameRow name_rows[] = {
    {"two of KVM's", {{MAIN, NULL}, {"CPU 0/KVM", NULL}, {"CPU 1/KVM", NULL}}, 2},
    {"of TCG's, and others", {{MAIN, NULL}, {"CPU 12/TCG", NULL}, {"IO io0", NULL}}, 1},
    {"threads that have no names", {{MAIN, NULL}, {MAIN, NULL}}, -1},
    {"names that are nearly a vCPU's",
     {{MAIN, NULL}, {"CPU /KVM", NULL}, {"CPU 0/XEN", NULL}, {"CPU 0/KVM2", NULL}},
     -1},
    {"one thread for all", {{MAIN, NULL}, {"ALL CPUs/TCG", NULL}}, -1},
    {"a QEMU that is called like a vCPU", {{"CPU 0/KVM", NULL}, {"CPU 0/KVM", NULL}}, -1},
};

static void
counts_names(const void *data)
{
    static const QemuRequest request = {.stats = VIR_DOMAIN_STATS_VCPU};
    const NameRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, row->threads);
    g_autoptr(QemuHostView) view = qemu_host_view_new(root, NULL, NULL);
    g_autoptr(QemuDomain) domain = make_domain();
    QemuJob *job = qemu_job_new(domain, &request);
    g_auto(QemuFacts) facts = {0};

    qemu_facts_init(&facts);
    qemu_host_read_facts(view, job, &facts);
    assert_int_equal(facts.host.n_vcpus.is_present, row->n_vcpus >= 0);
    if (row->n_vcpus >= 0)
        assert_int_equal(facts.host.n_vcpus.value, row->n_vcpus);
    qemu_job_free(job);
    testing_remove_folder(folder);
}

/* What is at /proc/PID/cgroup in one call after the other, and what of the CPU time comes of it. */
typedef enum { NO_FILE, UNREADABLE, LIBVIRTS, ANOTHER } Cgroup;

typedef struct {
    const char *sentence;
    Cgroup calls[3];
    const char *expected[3]; /* "cgroup", "process" or "absent" */
} CgroupRow;

static const CgroupRow cgroup_rows[] = {
    {"the source stays the same", {LIBVIRTS, LIBVIRTS}, {"cgroup", "cgroup"}},
    {"a read that fails makes nobody count another way",
     {LIBVIRTS, UNREADABLE, LIBVIRTS},
     {"cgroup", "absent", "cgroup"}},
    {"a first read that fails decides nothing", {UNREADABLE, LIBVIRTS}, {"absent", "cgroup"}},
    {"one that has none is counted by its process",
     {ANOTHER, UNREADABLE, ANOTHER},
     {"process", "process", "process"}},
    {"a host without cgroups", {NO_FILE, NO_FILE}, {"process", "process"}},
    {"one that has left its cgroup is not counted on by its process",
     {LIBVIRTS, ANOTHER, LIBVIRTS},
     {"cgroup", "absent", "cgroup"}},
};

#define SCOPE "machine.slice/machine-qemu\\x2d1\\x2dvm.scope"

static void
put_cgroup(const char *folder, Cgroup cgroup)
{
    g_autofree char *path = g_build_filename(folder, "proc/100/cgroup", NULL);

    (void)remove(path);
    if (cgroup == UNREADABLE)
        assert_int_equal(g_mkdir_with_parents(path, 0700), 0);
    else if (cgroup != NO_FILE)
        testing_write_file(folder, "proc/100/cgroup",
                           cgroup == LIBVIRTS ? "0::/" SCOPE "/libvirt/emulator\n"
                                              : "0::/user.slice\n");
}

static const char *
source_of(const QemuFacts *facts)
{
    const HostProcessCgroup *cgroup = &facts->host.cgroup;

    if (cgroup->is_unknown)
        return "absent";
    return cgroup->is_libvirts && cgroup->time_ns.is_present ? "cgroup" : "process";
}

static void
keeps_cgroup(const void *data)
{
    static const QemuRequest request = {.stats = VIR_DOMAIN_STATS_CPU_TOTAL};
    static const Thread threads[MAX_THREADS] = {{MAIN, "100"}};
    const CgroupRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, threads);
    g_autoptr(QemuHostView) view = qemu_host_view_new(root, NULL, NULL);
    g_autoptr(QemuDomain) domain = make_domain();

    testing_write_file(folder, "sys/fs/cgroup/" SCOPE "/cpu.stat", "usage_usec 5\n");
    for (size_t i = 0; i < G_N_ELEMENTS(row->calls) && row->expected[i] != NULL; i++) {
        QemuJob *job = qemu_job_new(domain, &request);
        g_auto(QemuFacts) facts = {0};

        qemu_facts_init(&facts);
        put_cgroup(folder, row->calls[i]);
        qemu_host_read_facts(view, job, &facts);
        assert_string_equal(source_of(&facts), row->expected[i]);
        qemu_job_free(job);
    }
    testing_remove_folder(folder);
}

/* What the host tells of a domain of libvirt's without KVM's statistics, in one call after the
 * other. */
typedef struct {
    const char *sentence;
    uint64_t n_defined;                /* vCPUs by the command line */
    uint64_t n_by_libvirt;             /* by libvirt's definition; 0: there is none */
    const char *names[3][MAX_THREADS]; /* of the threads; NULL: those of before */
    Cgroup cgroups[3];
    const char *expected[3];
    bool is_doubted; /* libvirt's definition, at the end */
} TellRow;

static const TellRow tell_rows[] = {
    {"as many as are defined have names",
     2,
     0,
     {{MAIN, "CPU 0/KVM", "CPU 2/KVM"}},
     {LIBVIRTS},
     {"cpu vcpu"},
     false},
    {"one was plugged, and names itself later",
     2,
     0,
     {{MAIN, "CPU 0/KVM", "CPU 1/KVM", MAIN}, {MAIN, "CPU 0/KVM", "CPU 1/KVM", "CPU 2/KVM"}},
     {LIBVIRTS, LIBVIRTS},
     {"cpu vcpu", "cpu"},
     false},
    {"what libvirt defines counts more than the command line",
     1,
     2,
     {{MAIN, "CPU 0/KVM", "CPU 1/KVM"}},
     {LIBVIRTS},
     {"cpu vcpu"},
     false},
    {"libvirt's definition is older than a vCPU",
     1,
     1,
     {{MAIN, "CPU 0/KVM", "CPU 1/KVM"}},
     {LIBVIRTS},
     {"cpu"},
     true},
    {"no thread has a name, so nothing speaks against the definition",
     1,
     1,
     {{MAIN, MAIN}},
     {LIBVIRTS},
     {"cpu"},
     false},
    {"it has left its cgroup, as the call before has seen",
     1,
     0,
     {{MAIN, "CPU 0/KVM"}},
     {LIBVIRTS, ANOTHER, ANOTHER},
     {"cpu vcpu", "cpu vcpu", "vcpu"},
     false},
    {"its cgroup can be read again",
     1,
     0,
     {{MAIN, "CPU 0/KVM"}},
     {UNREADABLE, LIBVIRTS},
     {"vcpu", "cpu vcpu"},
     false},
};

static QemuDefinition *
define(uint64_t n_vcpus)
{
    QemuDefinition *definition = qemu_definition_new();

    definition->vcpus_current = util_count_of(n_vcpus);
    return definition;
}

static void
name_threads(const char *folder, const char *const names[MAX_THREADS])
{
    for (int i = 0; i < MAX_THREADS && names[i] != NULL; i++)
        write_thread(folder, i, &(Thread){names[i], NULL});
}

static void
assert_tells(unsigned int groups, const char *expected)
{
    g_autofree char *got =
        g_strdup_printf("%s%s", (groups & VIR_DOMAIN_STATS_CPU_TOTAL) != 0 ? "cpu " : "",
                        (groups & VIR_DOMAIN_STATS_VCPU) != 0 ? "vcpu" : "");

    testing_assert_same_text(g_strchomp(got), expected);
}

/* With KVM's statistics libvirt is asked for all, and our own fields still come from the host. */
static void
names_vcpus_for_our_own_fields(void **state)
{
    static const QemuRequest request = {.stats = VIR_DOMAIN_STATS_VCPU,
                                        .extras = DOMSTATS_CALL_EXT};
    static const Thread threads[MAX_THREADS] = {{MAIN, NULL}, {"CPU 0/KVM", NULL}};
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, threads);
    g_autoptr(QemuHostView) view = qemu_host_view_new(root, NULL, NULL);
    g_autoptr(QemuDomain) domain = make_domain();
    QemuJob *job = qemu_job_new(domain, &request);

    (void)state;
    domain->endpoint->definition = define(1);
    assert_int_equal(qemu_host_tells(view, job), 0);
    assert_true(job->has_named_vcpus);
    qemu_job_free(job);
    testing_remove_folder(folder);
}

static void
tells_beside_libvirt(const void *data)
{
    static const QemuRequest request = {.stats = VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_VCPU,
                                        .extras = DOMSTATS_CALL_WITHOUT_KVM};
    static const Thread threads[MAX_THREADS] = {{MAIN, NULL}};
    const TellRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, threads);
    g_autoptr(QemuHostView) view = qemu_host_view_new(root, NULL, NULL);
    g_autoptr(QemuDomain) domain = make_domain();
    QemuEndpoint *endpoint = domain->endpoint;

    endpoint->definition = define(row->n_defined);
    endpoint->about = row->n_by_libvirt > 0 ? define(row->n_by_libvirt) : NULL;
    testing_write_file(folder, "sys/fs/cgroup/" SCOPE "/cpu.stat",
                       "usage_usec 5\nuser_usec 3\nsystem_usec 2\n");
    for (size_t i = 0; i < G_N_ELEMENTS(row->expected) && row->expected[i] != NULL; i++) {
        QemuJob *job = qemu_job_new(domain, &request);
        g_auto(QemuFacts) facts = {0};

        qemu_facts_init(&facts);
        name_threads(folder, row->names[i]);
        put_cgroup(folder, row->cgroups[i]);
        job->by_host = qemu_host_tells(view, job);
        assert_tells(job->by_host, row->expected[i]);
        qemu_host_read_facts(view, job, &facts);
        qemu_job_free(job);
    }
    assert_int_equal(endpoint->about != NULL && qemu_definition_is_doubted(endpoint->about),
                     row->is_doubted);
    testing_remove_folder(folder);
}

/* Whether the threads of two calls are told to be the same. */
typedef struct {
    const char *sentence;
    Thread before[MAX_THREADS];
    Thread now[MAX_THREADS]; /* an unnamed one has gone */
    pid_t vcpus[MAX_THREADS];
    bool is_same;
} ChangeRow;

static const ChangeRow change_rows[] = {
    {"nothing changed",
     {{MAIN, "100"}, {"CPU 0/KVM", "101"}},
     {{MAIN, "100"}, {"CPU 0/KVM", "101"}},
     {101},
     true},
    {"a worker went",
     {{MAIN, "100"}, {"CPU 0/KVM", "101"}, {"worker", "102"}},
     {{MAIN, "100"}, {"CPU 0/KVM", "101"}},
     {101},
     true},
    {"a vCPU went",
     {{MAIN, "100"}, {"CPU 0/KVM", "101"}, {"CPU 1/KVM", "102"}},
     {{MAIN, "100"}, {"CPU 0/KVM", "101"}},
     {101, 102},
     false},
    {"a vCPU of another namespace went",
     {{MAIN, "100 1"}, {"CPU 0/KVM", "101 7"}, {"CPU 1/KVM", "102 8"}},
     {{MAIN, "100 1"}, {"CPU 0/KVM", "101 7"}},
     {7, 8},
     false},
    {"a worker of another namespace went",
     {{MAIN, "100 1"}, {"CPU 0/KVM", "101 7"}, {"worker", "102 8"}},
     {{MAIN, "100 1"}, {"CPU 0/KVM", "101 7"}},
     {7},
     true},
    {"one went where the vCPUs are not known",
     {{MAIN, "100 1"}, {"CPU 0/KVM", "101 7"}, {"worker", NULL}},
     {{MAIN, "100 1"}, {"CPU 0/KVM", "101 7"}},
     {7, 8},
     false},
};

static void
remove_thread(const char *folder, int i)
{
    static const char *const files[] = {"stat", "comm", "schedstat", "status", ""};

    for (size_t k = 0; k < G_N_ELEMENTS(files); k++) {
        g_autofree char *path =
            g_strdup_printf("%s/proc/%d/task/%d/%s", folder, PID, PID + i, files[k]);

        (void)remove(path);
    }
}

static void
compares_calls(const void *data)
{
    static const QemuRequest request = {.stats = VIR_DOMAIN_STATS_VCPU};
    const ChangeRow *row = data;
    ThreadRow told = {.n_vcpus = 0};
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder, row->before);
    g_autoptr(QemuHostView) view = qemu_host_view_new(root, NULL, NULL);
    g_autoptr(QemuDomain) domain = make_domain();

    for (; row->vcpus[told.n_vcpus] != 0; told.n_vcpus++)
        told.vcpus[told.n_vcpus] = row->vcpus[told.n_vcpus];
    for (size_t i = 0; i < 2; i++) {
        QemuJob *job = qemu_job_new(domain, &request);
        g_auto(QemuFacts) facts = {0};

        qemu_facts_init(&facts);
        fill_threads(&facts, &told);
        qemu_host_gather_evidence(view, job);
        qemu_host_read_facts(view, job, &facts);
        assert_int_equal(qemu_known_has_same_threads(job->domain->known), i == 1 && row->is_same);
        qemu_job_free(job);
        for (int k = 0; k < MAX_THREADS; k++)
            if (row->now[k].name == NULL)
                remove_thread(folder, k);
    }
    testing_remove_folder(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_vcpus_for_our_own_fields),
    };
    int n_failed = TESTING_RUN_TABLE("qemu_host: threads", thread_rows, tells_threads);

    n_failed += TESTING_RUN_TABLE("qemu_host: names", name_rows, counts_names);
    n_failed += TESTING_RUN_TABLE("qemu_host: cgroup", cgroup_rows, keeps_cgroup);
    n_failed += TESTING_RUN_TABLE("qemu_host: beside libvirt", tell_rows, tells_beside_libvirt);
    n_failed += TESTING_RUN_TABLE("qemu_host: calls", change_rows, compares_calls);
    return n_failed + cmocka_run_group_tests(tests, NULL, NULL);
}
