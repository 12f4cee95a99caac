/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source_merge: processes and the lists of libvirts in, one list out, run by run.
 */
#include <string.h>

#include "qemu/managed/qemu_source_merge.h"
#include "source_case.h"
#include "testing.h"

enum { N_PROCESSES = 3, N_DOMAINS = 4, N_LIBVIRTS = 3, N_RUNS = 3 };

#define U1      "11111111-1111-4111-8111-111111111111"
#define U2      "22222222-2222-4222-8222-222222222222"
#define SYSTEM  "/var/lib/libvirt/qemu/domain-"
#define SESSION "/home/ann/.config/libvirt/qemu/lib/domain-"
#define SOCK    "/monitor.sock"

typedef struct {
    int pid; /* 0: none */
    const char *name;
    const char *uuid;    /* NULL: its words cannot be read */
    const char *monitor; /* the path of its socket; NULL: none */
    int user;
    const char *pids; /* its pid namespace; NULL: unknown */
    const char *key;  /* the file of libvirt's key in its words; NULL: none */
} Process;

typedef struct {
    const char *name; /* NULL: none */
    const char *uuid;
    int id; /* -1: it does not run */
} Domain;

typedef struct {
    int pid; /* of the daemon; 0: none */
    const char *uri;
    int user;
    bool is_session;
    bool is_foreign;
    const char *trouble;
    bool is_late;
    bool has_no_list;
    Domain domains[N_DOMAINS];
    const char *pids;
} Libvirt;

typedef struct {
    Process processes[N_PROCESSES];
    Libvirt libvirts[N_LIBVIRTS];
    /* Line by line "pid name uuid id", "libvirt URI" if it is asked, "off" for one that does not
     * run, and the trouble; '=': the same pointer as in the run before. */
    const char *merged;
} Step;

typedef struct {
    const char *sentence;
    Step steps[N_RUNS]; /* one without @merged ends them */
} MergeRow;

#define VM1                                                                                        \
    {                                                                                              \
        30, "vm1", U1, SYSTEM "1-vm1" SOCK                                                         \
    }
#define VM1S                                                                                       \
    {                                                                                              \
        40, "vm1", U1, SESSION "1-vm1" SOCK, .user = 1000                                          \
    }

static const MergeRow merge_rows[] = {
    {"a QEMU without a sign of libvirt is what it was",
     {{{{30, "web", U1, "/run/web.sock"}},
       {{10, "qemu:///system", .domains = {{"web", U1, 1}}}},
       "30 web - 0\n0 web " U1 " 1 libvirt qemu:///system\n"}}},
    {"one domain, one record",
     {{{VM1},
       {{10, "qemu:///system", .domains = {{"vm1", U1, 1}}}},
       "30 vm1 " U1 " 1 libvirt qemu:///system\n"},
      {{VM1},
       {{10, "qemu:///system", .domains = {{"vm1", U1, 1}}}},
       "30 vm1 " U1 " 1 libvirt qemu:///system\n"}}},
    {"by the words, where the sockets cannot be seen",
     {{{{30, "vm1", U1, NULL, .key = SYSTEM "1-vm1/master-key.aes"}},
       {{10, "qemu:///system", .domains = {{"vm1", U1, 1}}}},
       "30 vm1 " U1 " 1 libvirt qemu:///system\n"}}},
    {"a pid that is the id of a domain of libvirt",
     {{{VM1, {1, "web", U2, "/run/web.sock"}},
       {{10, "a", .domains = {{"vm1", U1, 1}}}},
       "30 vm1 " U1 " 1 libvirt a\n1 web - 4194304\n"},
      {{VM1, {1, "web", U2, "/run/web.sock"}},
       {{0}},
       "30 vm1 " U1 " 1 nobody is there\n1 web - 4194304\n"}}},
    {"domains that do not run are added",
     {{{VM1},
       {{10, "qemu:///system", .domains = {{"vm1", U1, 1}, {"off", U2, -1}}}},
       "30 vm1 " U1 " 1 libvirt qemu:///system\n0 off " U2 " -1 off\n"}}},
    {"and asked of libvirt if their images are not ours to open",
     {{{{0}},
       {{10, "x", .is_foreign = true, .domains = {{"off", U2, -1}}}},
       "0 off " U2 " -1 libvirt x off\n"}}},
    {"a domain whose process is not seen",
     {{{{0}},
       {{10, "qemu:///system", .domains = {{"vm1", U1, 1}}}},
       "0 vm1 " U1 " 1 libvirt qemu:///system\n"}}},
    {"a QEMU that libvirt does not list",
     {{{VM1},
       {{10, "qemu:///system"}},
       "30 vm1 - 1 libvirt at 'qemu:///system' does not list it\n"}}},
    {"one that libvirt lists as not running",
     {{{VM1},
       {{10, "qemu:///system", .domains = {{"vm1", U1, -1}}}},
       "30 vm1 " U1 " 1 libvirt at 'qemu:///system' says that it does not run\n"}}},
    {"an earlier run of the domain is not the one that libvirt lists",
     {{{VM1, {31, "vm1", U1, SYSTEM "2-vm1" SOCK}},
       {{10, "qemu:///system", .domains = {{"vm1", U1, 2}}}},
       "30 vm1 - 1 libvirt at 'qemu:///system' does not list it\n"
       "31 vm1 " U1 " 2 libvirt qemu:///system\n"}}},
    {"the UUID alone joins nothing",
     {{{{30, "vm1", U1, SYSTEM "1-vm1" SOCK}},
       {{10, "qemu:///system", .domains = {{"db", U1, 1}}}},
       "30 vm1 - 30 libvirt at 'qemu:///system' does not list it\n"
       "0 db " U1 " 1 libvirt qemu:///system\n"}}},
    {"two processes of one run: neither is believed",
     {{{VM1, {31, "vm1", U1, SYSTEM "1-vm1" SOCK}},
       {{10, "qemu:///system", .domains = {{"vm1", U1, 1}}}},
       "30 vm1 - 30 libvirt cannot be asked: two processes may be this domain\n"
       "31 vm1 - 31 libvirt cannot be asked: two processes may be this domain\n"
       "0 vm1 " U1 " 1 libvirt qemu:///system\n"}}},
    {"the system's libvirt and a user's, with one name, UUID and id",
     {{{VM1, VM1S},
       {{10, "sys", .domains = {{"vm1", U1, 1}}},
        {11, "ann", 1000, true, .domains = {{"vm1", U1, 1}}}},
       "30 vm1 " U1 " 1 libvirt sys\n40 vm1 " U1 " 40 libvirt ann\n"}}},
    {"a user's libvirt has no QEMU of another user",
     {{{VM1S},
       {{11, "bob", 1001, true, .domains = {{"vm1", U1, 1}}}},
       "40 vm1 - 1 nobody is there\n0 vm1 " U1 " 4194304 libvirt bob\n"}}},
    {"nor has the host's one of a container",
     {{{{30, "vm1", U1, SYSTEM "1-vm1" SOCK, .pids = "pid:[7]"}},
       {{10, "host", .domains = {{"vm1", U1, 1}}, .pids = "pid:[1]"},
        {11, "box", .domains = {{"vm1", U1, 1}}, .pids = "pid:[7]"}},
       "30 vm1 " U1 " 1 libvirt box\n0 vm1 " U1 " 4194304 libvirt host\n"}}},
    {"two libvirts that may have it",
     {{{VM1},
       {{10, "a", .domains = {{"vm1", U1, 1}}}, {11, "b", .domains = {{"vm1", U1, 1}}}},
       "30 vm1 - 30 libvirt cannot be asked: more than one may manage it\n"
       "0 vm1 " U1 " 1 libvirt a\n0 vm1 " U1 " 4194304 libvirt b\n"}}},
    {"no libvirt is there", {{{VM1}, {{0}}, "30 vm1 - 1 nobody is there\n"}}},
    {"one that never answered",
     {{{VM1},
       {{10, "a", .trouble = "it is silent", .has_no_list = true}},
       "30 vm1 - 1 it is silent\n"}}},
    {"one that does not answer any more, and then does",
     {{{VM1},
       {{10, "a", .domains = {{"vm1", U1, 1}, {"off", U2, -1}}}},
       "30 vm1 " U1 " 1 libvirt a\n0 off " U2 " -1 off\n"},
      {{VM1},
       {{10, "a", .trouble = "it is silent", .domains = {{"vm1", U1, 1}, {"off", U2, -1}}}},
       "30 vm1 " U1 " 1 it is silent\n0 off " U2 " -1 off slow: it is silent\n"},
      {{VM1},
       {{10, "a", .domains = {{"vm1", U1, 1}, {"off", U2, -1}}}},
       "30 vm1 " U1 " 1 libvirt a\n0 off " U2 " -1 off\n"}}},
    {"one whose list is late is asked by what the QEMU tells",
     {{{VM1},
       {{10, "a", .trouble = "it is late", .is_late = true, .has_no_list = true}},
       "30 vm1 " U1 " 1 libvirt a\n"}}},
    {"not if there is another",
     {{{VM1},
       {{10, "a", .trouble = "it is late", .is_late = true, .has_no_list = true}, {11, "b"}},
       "30 vm1 - 1 it is late\n"}}},
    {"one whose list is an earlier one",
     {{{VM1},
       {{10, "a", .domains = {{"vm1", U1, 1}, {"off", U2, -1}}}},
       "30 vm1 " U1 " 1 libvirt a\n0 off " U2 " -1 off\n"},
      {{VM1},
       {{10, "a", .trouble = "it is late", .is_late = true,
         .domains = {{"vm1", U1, 1}, {"off", U2, -1}}}},
       "30 vm1 " U1 " 1 libvirt a\n0 off " U2 " -1 off slow: it is late\n"}}},
    {"what libvirt told of a process stays when its daemon ends",
     {{{VM1}, {{10, "a", .domains = {{"vm1", U1, 1}}}}, "30 vm1 " U1 " 1 libvirt a\n"},
      {{VM1}, {{0}}, "30 vm1 " U1 " 1 nobody is there\n"}}},
    {"not when libvirt lists it no longer",
     {{{VM1}, {{10, "a", .domains = {{"vm1", U1, 1}}}}, "30 vm1 " U1 " 1 libvirt a\n"},
      {{VM1}, {{10, "a"}}, "30 vm1 - 1 libvirt at 'a' does not list it\n"}}},
    {"a process that hides its words is the domain that it was",
     {{{VM1}, {{10, "a", .domains = {{"vm1", U1, 1}}}}, "30 vm1 " U1 " 1 libvirt a\n"},
      {{{30, "pid-30"}}, {{10, "a", .domains = {{"vm1", U1, 1}}}}, "30 vm1 " U1 " 1 libvirt a\n"}}},
};

static QemuEndpoint *
make_process(const char *folder, const Process *process)
{
    g_autofree char *key = g_strdup_printf("process:%d", process->pid);
    g_autofree char *status = g_strdup_printf("proc/%d/status", process->pid);
    g_autofree char *text = g_strdup_printf("Name:\tqemu\nUid:\t%d\t0\t0\t0\n", process->user);
    g_autofree char *link = g_strdup_printf("proc/%d/ns/pid", process->pid);
    QemuEndpoint *endpoint = qemu_endpoint_new(key, process->name);

    testing_write_file(folder, status, text);
    if (process->pids != NULL)
        source_case_make_link(folder, link, process->pids);
    endpoint->pid = process->pid;
    if (process->monitor != NULL)
        qemu_endpoint_add_place(endpoint, process->monitor, process->monitor);
    if (process->uuid == NULL)
        return endpoint;
    endpoint->definition = qemu_definition_new();
    endpoint->definition->name = g_strdup(process->name);
    endpoint->definition->uuid = g_strdup(process->uuid);
    endpoint->definition->libvirt_key_path = g_strdup(process->key);
    return endpoint;
}

static GPtrArray *
make_processes(const char *folder, const Step *step)
{
    GPtrArray *processes = qemu_endpoint_new_array();

    for (size_t i = 0; i < N_PROCESSES && step->processes[i].pid != 0; i++)
        g_ptr_array_add(processes, make_process(folder, &step->processes[i]));
    return processes;
}

static GPtrArray *
make_list(const Libvirt *libvirt)
{
    GPtrArray *list = qemu_endpoint_new_array();

    for (size_t i = 0; i < N_DOMAINS && libvirt->domains[i].name != NULL; i++) {
        const Domain *domain = &libvirt->domains[i];
        QemuEndpoint *endpoint = qemu_endpoint_new(domain->uuid, domain->name);

        endpoint->uuid = g_strdup(domain->uuid);
        endpoint->id = domain->id;
        endpoint->is_active = domain->id != -1;
        g_ptr_array_add(list, endpoint);
    }
    return list;
}

/* The lists of one step. */
typedef struct {
    QemuSourceDaemon daemons[N_LIBVIRTS];
    QemuSourceJoinLibvirt told[N_LIBVIRTS];
    GPtrArray *lists[N_LIBVIRTS];
    LibvirtPool *pools[N_LIBVIRTS];
    size_t n;
} Lists;

static void
make_lists(const Step *step, Lists *lists)
{
    *lists = (Lists){0};
    for (size_t i = 0; i < N_LIBVIRTS && step->libvirts[i].pid != 0; i++) {
        const Libvirt *libvirt = &step->libvirts[i];

        lists->daemons[i] = (QemuSourceDaemon){.pid = libvirt->pid,
                                               .user = (uid_t)libvirt->user,
                                               .is_session = libvirt->is_session,
                                               .is_foreign = libvirt->is_foreign,
                                               .pid_namespace = (char *)(uintptr_t)libvirt->pids,
                                               .uri = (char *)(uintptr_t)libvirt->uri};
        lists->lists[i] = make_list(libvirt);
        lists->pools[i] = libvirt_pool_new(libvirt->uri, NULL);
        lists->told[i] =
            (QemuSourceJoinLibvirt){.daemon = &lists->daemons[i],
                                    .pool = lists->pools[i],
                                    .trouble = libvirt->trouble,
                                    .is_late = libvirt->is_late,
                                    .endpoints = libvirt->has_no_list ? NULL : lists->lists[i]};
        lists->n++;
    }
}

static void
clear_lists(Lists *lists)
{
    for (size_t i = 0; i < lists->n; i++) {
        g_ptr_array_unref(lists->lists[i]);
        libvirt_pool_unref(lists->pools[i]);
    }
}

static char *
make_text(const GPtrArray *merged)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < merged->len; i++) {
        const QemuEndpoint *endpoint = g_ptr_array_index(merged, i);

        g_string_append_printf(text, "%d %s %s %d", (int)endpoint->pid, endpoint->name,
                               endpoint->uuid ? endpoint->uuid : "-", endpoint->id);
        if (endpoint->libvirt != NULL)
            g_string_append_printf(text, " libvirt %s", libvirt_pool_uri(endpoint->libvirt));
        if (!endpoint->is_active)
            g_string_append(text, " off");
        if (endpoint->trouble != DOMSTATS_HEALTH_OK)
            g_string_append_printf(text, " %s:", domstats_health_to_string(endpoint->trouble));
        if (endpoint->libvirt_trouble != NULL)
            g_string_append_printf(text, " %s", endpoint->libvirt_trouble);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

static void
merges_a_step(QemuSourceMerge *merge, QemuSourceView *view, const char *folder, const Step *step)
{
    Lists lists = {0};
    QemuSourceJoinLists all = {.view = view, .absence = "nobody is there"};
    g_autoptr(GPtrArray) processes = NULL;
    g_autoptr(GPtrArray) merged = NULL;
    g_autoptr(GPtrArray) again = NULL;
    g_autofree char *text = NULL;

    testing_remove_folder(g_build_filename(folder, "proc", NULL));
    testing_write_file(folder, "proc/uptime", "1 1\n");
    processes = make_processes(folder, step);
    make_lists(step, &lists);
    all.libvirts = lists.told;
    all.n_libvirts = lists.n;
    merged = qemu_source_merge_run(merge, &all, processes);
    again = qemu_source_merge_run(merge, &all, processes);
    text = make_text(merged);
    testing_assert_same_text(text, step->merged);
    assert_int_equal(merged->len, again->len);
    for (guint i = 0; i < merged->len; i++)
        assert_ptr_equal(g_ptr_array_index(merged, i), g_ptr_array_index(again, i));
    clear_lists(&lists);
}

static void
merges(const void *data)
{
    const MergeRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(QemuSourceMerge) merge = qemu_source_merge_new();
    g_auto(QemuSourceView) view = {0};

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    root = host_root_new_recorded(folder, NULL);
    assert_non_null(root);
    qemu_source_view_init(&view, root, util_deadline_in_ms(10000));
    for (size_t i = 0; i < N_RUNS && row->steps[i].merged != NULL; i++)
        merges_a_step(merge, &view, folder, &row->steps[i]);
    testing_remove_folder(folder);
}

int
main(void)
{
    return TESTING_RUN_TABLE("merge", merge_rows, merges);
}
