/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_call: calls that meet: a domain that another call holds, lets go of, or keeps; and what
 * the descriptor for event loops tells in between.
 */
#include "qemu/qemu_call.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "domstats_record.h"
#include "fake_qmp.h"
#include "testing.h"
#include "util/util_fd.h"

enum {
    LONG_MS = 60000, /* for calls that end long before */
    PART_MS = 1000,  /* for those that end by their deadline, and in which others answer */
    SHORT_MS = 60,
    N_FAKES = 2,
};

static const FakeQmpReply replies[] = {
    {"query-name", "{\"name\":\"told\"}"},
    {"query-uuid", "{\"UUID\":\"11111111-2222-4333-8444-555555555555\"}"},
    {"query-commands", "[{\"name\":\"query-status\"}]"},
    {"query-status", "{\"status\":\"running\",\"running\":true,\"singlestep\":false}"},
    {0},
};
static const FakeQmpScript well = {.replies = replies};
static const FakeQmpLine mute_lines[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
static const FakeQmpScript mute = {.lines = mute_lines, .is_bare = true};

/* "a", which is well, and "b", which says nothing. */
typedef struct {
    char *folder;
    FakeQmp *fakes[N_FAKES];
    FakeQmpThread *thread; /* NULL: they stand still */
    QemuSource *source;
    QemuDomainList *list;
    QemuImageProber *images;
    GPtrArray *domains;
    const QemuRequest *request; /* of the call that runs */
} Scene;

static void
run_peers(Scene *self)
{
    self->thread = fake_qmp_start(self->fakes, N_FAKES);
}

static void
stop_peers(Scene *self)
{
    g_clear_pointer(&self->thread, fake_qmp_stop);
}

static void
open_scene(Scene *self)
{
    g_autofree char *name = NULL;

    self->folder = testing_make_folder();
    for (size_t i = 0; i < N_FAKES; i++) {
        g_autofree char *path = g_strdup_printf("%s/%c", self->folder, (char)('a' + i));

        self->fakes[i] = fake_qmp_new_listening(i == 0 ? &well : &mute, path);
    }
    run_peers(self);
    name = g_strconcat("dir:", self->folder, NULL);
    self->source = qemu_source_open(name, &(QemuSourceOptions){.takes_any_listener = true}, NULL);
    assert_non_null(self->source);
    self->list = qemu_domain_list_new(self->source);
    self->images = qemu_image_prober_new();
    self->domains = qemu_domain_list_scan(self->list, false, util_deadline_in_ms(LONG_MS), NULL);
    assert_int_equal(self->domains->len, N_FAKES);
}

static void
close_scene(Scene *self)
{
    stop_peers(self);
    qemu_domain_list_give_back(self->list, self->domains);
    qemu_domain_list_free(self->list);
    qemu_image_prober_free(self->images);
    qemu_source_free(self->source);
    for (size_t i = 0; i < N_FAKES; i++)
        fake_qmp_free(self->fakes[i]);
    testing_remove_folder(self->folder);
}

static QemuDomain *
domain_at(const Scene *self, guint i)
{
    return g_ptr_array_index(self->domains, i);
}

/* The records of one call; the caller unrefs. */
static GPtrArray *
run_call(const Scene *self, const QemuRequest *request)
{
    g_autoptr(QemuHostView) host = qemu_host_view_new(qemu_source_root(self->source), NULL, NULL);
    g_autoptr(QemuSchemasPool) schemas = qemu_schemas_pool_new();

    return qemu_call_run(&(QemuCall){.schemas = schemas,
                                     .list = self->list,
                                     .request = request,
                                     .host = host,
                                     .monitors = DOMSTATS_MONITORS_HOLD,
                                     .images = self->images},
                         self->domains, NULL);
}

static GPtrArray *
call(const Scene *self, unsigned int timeout_ms)
{
    const QemuRequest request = {.stats = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_VM,
                                 .extras = DOMSTATS_CALL_LAST,
                                 .deadline = util_deadline_in_ms(timeout_ms),
                                 .timeout_ms = timeout_ms};

    return run_call(self, &request);
}

/* Makes @self the holder of the domain at @place, as another call would. */
static void
hold(const Scene *self, guint place)
{
    const QemuRequest request = {0};
    g_autoptr(GPtrArray) jobs = g_ptr_array_new();
    QemuJob *job = qemu_job_new(domain_at(self, place), &request);
    g_autoptr(GPtrArray) taken = NULL;

    g_ptr_array_add(jobs, job);
    taken = qemu_domain_list_take_free(self->list, jobs, (gpointer)self, util_deadline_in_ms(0));
    assert_non_null(taken);
    qemu_job_free(job);
}

static void
assert_health(const GPtrArray *records, guint i, DomstatsHealth health)
{
    const DomstatsRecord *record = g_ptr_array_index(records, i);

    if (record->health != health)
        testing_assert_same_text(record->reason, domstats_health_to_string(health));
}

static void *
run_thread(void *data)
{
    const Scene *self = data;

    return run_call(self, self->request);
}

/* True once somebody is connected to the monitor at @place. */
static bool
is_dialled(const Scene *self, guint place)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostSockets) table = host_sockets_read(root, NULL);
    HostListener listener = {0};
    g_autoptr(GArray) clients = NULL;

    if (table == NULL)
        skip();
    if (!host_sockets_find_path(table, 0, fake_qmp_path(self->fakes[place]), 0, &listener))
        return false;
    clients = host_sockets_list_clients(table, &listener);
    return clients->len > 0;
}

/* A domain is asked as soon as the other call lets go, though the call still waits for another. */
static void
asks_what_is_released_meanwhile(void **state)
{
    Scene scene = {0};
    g_autoptr(GPtrArray) records = NULL;
    QemuRequest request = {.stats = VIR_DOMAIN_STATS_STATE, .timeout_ms = PART_MS};
    GThread *thread = NULL;

    (void)state;
    open_scene(&scene);
    hold(&scene, 0);
    request.deadline = util_deadline_in_ms(PART_MS);
    scene.request = &request;
    thread = g_thread_new("call", run_thread, &scene);
    while (!is_dialled(&scene, 1))
        g_thread_yield();
    qemu_domain_list_release(scene.list, domain_at(&scene, 0));
    records = g_thread_join(thread);
    assert_health(records, 0, DOMSTATS_HEALTH_OK);
    assert_int_not_equal(((DomstatsRecord *)g_ptr_array_index(records, 1))->health,
                         DOMSTATS_HEALTH_OK);
    close_scene(&scene);
}

/* Its record says who it is, what is missing of what it has, and brings its last one. */
static void
says_who_it_is_that_another_call_keeps(void **state)
{
    Scene scene = {0};
    g_autoptr(GPtrArray) first = NULL;
    g_autoptr(GPtrArray) second = NULL;
    const DomstatsRecord *whole = NULL;
    const DomstatsRecord *record = NULL;

    (void)state;
    open_scene(&scene);
    first = call(&scene, PART_MS);
    assert_health(first, 0, DOMSTATS_HEALTH_OK);
    whole = g_ptr_array_index(first, 0);
    hold(&scene, 0);
    second = call(&scene, SHORT_MS);
    record = g_ptr_array_index(second, 0);
    assert_int_equal(record->health, DOMSTATS_HEALTH_SLOW);
    assert_string_equal(record->reason, "another call waited for it until the deadline");
    assert_string_equal(record->name, "told");
    assert_string_equal(record->uuid, "11111111-2222-4333-8444-555555555555");
    assert_int_equal(record->id, whole->id);
    assert_true(record->since_us >= whole->since_us);
    /* This QEMU has no statistics of the VM, so they are not missing. */
    assert_int_equal(record->missing, VIR_DOMAIN_STATS_STATE);
    assert_non_null(record->last);
    assert_int_equal(record->last->taken_us, whole->taken_us);
    qemu_domain_list_release(scene.list, domain_at(&scene, 0));
    close_scene(&scene);
}

static bool
is_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) == 1;
}

/* What came while a call held the domain, and was passed over, wakes the application afterwards. */
static void
wakes_for_what_came_under_a_call(void **state)
{
    Scene scene = {0};
    g_autoptr(GPtrArray) records = NULL;
    int fd = -1;

    (void)state;
    open_scene(&scene);
    records = call(&scene, PART_MS);
    assert_health(records, 0, DOMSTATS_HEALTH_OK);
    stop_peers(&scene);
    fd = qemu_domain_list_get_fd(scene.list, NULL);
    assert_true(fd >= 0);
    assert_int_equal(qemu_domain_list_dispatch(scene.list, NULL), 0);
    assert_false(is_readable(fd));
    hold(&scene, 0);
    fake_qmp_drop(scene.fakes[0]);
    assert_true(is_readable(fd));
    assert_int_equal(qemu_domain_list_dispatch(scene.list, NULL), 0);
    qemu_domain_list_release(scene.list, domain_at(&scene, 0));
    qemu_domain_list_watch(scene.list); /* as each call does at its end */
    assert_true(is_readable(fd));
    assert_int_equal(qemu_domain_list_dispatch(scene.list, NULL), 1);
    assert_null(domain_at(&scene, 0)->monitor);
    assert_false(is_readable(fd));
    close_scene(&scene);
}

/* Copies of the descriptors of a machine that this process makes; NULL where it cannot. */
static HostKvmStats *
keep_machine(void)
{
    UtilFd kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    UtilFd machine = kvm >= 0 ? ioctl(kvm, KVM_CREATE_VM, 0) : -1;
    UtilFd vcpu = machine >= 0 ? ioctl(machine, KVM_CREATE_VCPU, 0) : -1;
    UtilFd stats = vcpu >= 0 ? ioctl(vcpu, KVM_GET_STATS_FD, NULL) : -1;
    HostKvmStats *kept = stats >= 0 ? host_kvmstat_open(getpid(), NULL) : NULL;

    util_fd_clear(&stats);
    util_fd_clear(&vcpu);
    util_fd_clear(&machine);
    util_fd_clear(&kvm);
    return kept;
}

/* A connection ends before the process does that had it: what its kernel has to keep for us is
 * closed then, since nothing else would tell. */
static void
keeps_no_machine_without_a_connection(void **state)
{
    Scene scene = {0};
    g_autoptr(GPtrArray) records = NULL;

    (void)state;
    open_scene(&scene);
    records = call(&scene, PART_MS);
    assert_health(records, 0, DOMSTATS_HEALTH_OK);
    stop_peers(&scene);
    assert_true(qemu_domain_list_get_fd(scene.list, NULL) >= 0);
    host_kvmstat_free(domain_at(&scene, 0)->host.kvm);
    domain_at(&scene, 0)->host.kvm = keep_machine();
    if (domain_at(&scene, 0)->host.kvm == NULL)
        print_message("not tried: no KVM here, or none that names its descriptors\n");
    fake_qmp_drop(scene.fakes[0]);
    assert_int_equal(qemu_domain_list_dispatch(scene.list, NULL), 1);
    assert_null(domain_at(&scene, 0)->host.kvm);
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_what_is_released_meanwhile),
        cmocka_unit_test(says_who_it_is_that_another_call_keeps),
        cmocka_unit_test(wakes_for_what_came_under_a_call),
        cmocka_unit_test(keeps_no_machine_without_a_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
