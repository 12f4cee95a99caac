/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_domstats_auto: whom the source "auto" asks: the service, or the host, which is a driver of
 * the test's own here.
 */
#include "domstats_auto.h"
#include "testing.h"

#include <string.h>

#include "domstats_record.h"
#include "fake_service.h"

enum { HASTE_MS = 200, SLOW_MS = 2000, LEISURE_MS = 20000 };

/* The host: one record; what it lacks is set by the test. */
typedef struct {
    DomstatsHealth health;
    const char *blind_spot;
} Host;

#define HOST_REASON "the host says why"

static Host host;

static void *
host_open(const char *source, const DomstatsOptions *options, GError **error)
{
    (void)options;
    (void)error;
    assert_string_equal(source, "auto");
    return &host;
}

static void
host_close(void *self)
{
    assert_ptr_equal(self, &host);
}

static GPtrArray *
host_get_stats(void *self, const DomstatsCall *call, GError **error)
{
    GPtrArray *records = g_ptr_array_new_with_free_func((GDestroyNotify)domstats_record_free);
    DomstatsRecord *record = g_new0(DomstatsRecord, 1);

    (void)self;
    (void)error;
    assert_true(call->timeout_ms > 0);
    record->name = g_strdup("host");
    record->health = host.health;
    record->reason = host.health == DOMSTATS_HEALTH_OK ? NULL : g_strdup(HOST_REASON);
    g_ptr_array_add(records, record);
    return records;
}

static const char *
host_blind_spot(void *self)
{
    (void)self;
    return host.blind_spot;
}

static int
host_get_fd(void *self, GError **error)
{
    (void)self;
    (void)error;
    return 77;
}

static const Driver host_driver = {
    .open = host_open,
    .close = host_close,
    .get_stats = host_get_stats,
    .blind_spot = host_blind_spot,
    .get_fd = host_get_fd,
};

typedef struct {
    const char *sentence;
    const char *scripts[4]; /* of the service; none: it does not run */
    Host host;
    unsigned int timeout_ms;
    const char *expected; /* who answered each of three calls, and the blind spot */
} AutoRow;

/* clang-format off */
static const AutoRow auto_rows[] = {
    {"the service answers where it runs", {"haaa"}, {0}, LEISURE_MS, "web web web "},
    {"the host where it does not", {NULL}, {0}, LEISURE_MS, "host host host "},
    {"a service that comes back is asked again", {"ha", "h", "ha"}, {0}, LEISURE_MS, "web host web "},
    {"its errors are no answer", {"htua"}, {0}, LEISURE_MS, "host host host "},
    {"an error that passes is no lasting one", {"htaa"}, {0}, LEISURE_MS, "host web web "},
    {"what it breaks is no answer", {"hm.", "hw.", "ha"}, {0}, LEISURE_MS, "host host web "},
    {"silence ends within the call, and is not waited for again", {"ha.", "ha"}, {0}, SLOW_MS, "web host host "},
    {"a silent greeting likewise", {"."}, {0}, HASTE_MS, "host host host "},
    {"a service that answers pings may take its time", {"hsaa"}, {0}, SLOW_MS, "web web web "},
    {"but not longer than the call", {"h-"}, {0}, HASTE_MS, "host host host "},
    {"one of another host is not asked", {"xaaa"}, {0}, LEISURE_MS, "host host host "},
    {"one of another source is not asked", {"qaaa"}, {0}, LEISURE_MS, "host host host "},
    {"one with fewer rights is not asked", {"raaa"}, {0}, LEISURE_MS, "host host host "},
    {"one of another version is not asked", {"v", "v", "haaa"}, {0}, LEISURE_MS, "host host web "},
    {"one that does not see everything is not believed", {"hb."}, {0}, LEISURE_MS, "host host host "},
    {"unless the host sees no more", {"hbaa"}, {.blind_spot = "fog"}, LEISURE_MS, "host (fog) web web "},
    {"one that is denied a domain is not believed", {"hd."}, {0}, LEISURE_MS, "host host host "},
    {"unless we are denied it too", {"hddb"}, {.health = DOMSTATS_HEALTH_DENIED}, LEISURE_MS, "host web web (it is dark) "},
};
/* clang-format on */

static void
ask(GString *out, void *backend, unsigned int timeout_ms)
{
    const DomstatsCall call = {.timeout_ms = timeout_ms};
    g_autoptr(GPtrArray) records = domstats_auto_driver.get_stats(backend, &call, NULL);
    const char *blind_spot = domstats_auto_driver.blind_spot(backend);

    assert_non_null(records);
    for (guint i = 0; i < records->len; i++)
        g_string_append_printf(out, "%s ",
                               ((const DomstatsRecord *)g_ptr_array_index(records, i))->name);
    if (blind_spot != NULL)
        g_string_append_printf(out, "(%s) ", blind_spot);
}

static void
asks_whom(const void *data)
{
    const AutoRow *row = data;
    static const DomstatsOptions options = {0};
    g_autofree char *folder = testing_make_folder();
    g_autofree char *path = g_strdup_printf("%s/s", folder);
    FakeService *service = row->scripts[0] ? fake_service_start(path, row->scripts) : NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    void *backend = NULL;

    host = row->host;
    backend = domstats_auto_open(path, &host_driver, &options, NULL);
    for (int i = 0; i < 3; i++)
        ask(out, backend, row->timeout_ms);
    domstats_auto_driver.close(backend);
    if (service != NULL)
        (void)fake_service_stop(service);
    testing_remove_folder(g_steal_pointer(&folder));
    testing_assert_same_text(out->str, row->expected);
}

/* A script of the service, the host's verdict, and what its reason says of the service. */
typedef struct {
    const char *sentence;
    const char *script; /* NULL: no service runs */
    DomstatsHealth health;
    const char *reason; /* a part of it; NULL: that of the host alone */
} ReasonRow;

/* clang-format off */
static const ReasonRow reason_rows[] = {
    {"a monitor that a silent service may hold", ".", DOMSTATS_HEALTH_BUSY, "' does not answer"},
    {"a QEMU that a service of another host may see", "x", DOMSTATS_HEALTH_DENIED, "' sees another host"},
    {"an error of the service", "ht", DOMSTATS_HEALTH_BUSY, ""},
    {"no service runs", NULL, DOMSTATS_HEALTH_BUSY, NULL},
    {"what no service can change", ".", DOMSTATS_HEALTH_STOPPED, NULL},
};
/* clang-format on */

static void
says_why_the_service_was_not_asked(const void *data)
{
    const ReasonRow *row = data;
    static const DomstatsOptions options = {0};
    const DomstatsCall call = {.timeout_ms = LEISURE_MS};
    const char *scripts[] = {row->script, NULL};
    g_autofree char *folder = testing_make_folder();
    g_autofree char *path = g_strdup_printf("%s/s", folder);
    FakeService *service = row->script ? fake_service_start(path, scripts) : NULL;
    void *backend = NULL;
    GPtrArray *records = NULL;
    const DomstatsRecord *record = NULL;

    host = (Host){.health = row->health};
    backend = domstats_auto_open(path, &host_driver, &options, NULL);
    records = domstats_auto_driver.get_stats(backend, &call, NULL);
    record = g_ptr_array_index(records, 0);
    if (row->reason == NULL) {
        assert_string_equal(record->reason, HOST_REASON);
    } else {
        assert_true(g_str_has_prefix(record->reason, HOST_REASON "; "));
        assert_non_null(strstr(record->reason, row->reason));
    }
    g_ptr_array_unref(records);
    domstats_auto_driver.close(backend);
    if (service != NULL)
        (void)fake_service_stop(service);
    testing_remove_folder(g_steal_pointer(&folder));
}

/* News come from connections of our own only. */
static void
asks_the_host_once_it_is_polled(void **state)
{
    static const char *const scripts[] = {"haaa", NULL};
    static const DomstatsOptions options = {0};
    char *folder = testing_make_folder();
    g_autofree char *path = g_strdup_printf("%s/s", folder);
    FakeService *service = fake_service_start(path, scripts);
    void *backend = domstats_auto_open(path, &host_driver, &options, NULL);
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    host = (Host){0};
    ask(out, backend, LEISURE_MS);
    assert_int_equal(domstats_auto_driver.get_fd(backend, NULL), 77);
    ask(out, backend, LEISURE_MS);
    assert_string_equal(out->str, "web host ");
    domstats_auto_driver.close(backend);
    (void)fake_service_stop(service);
    testing_remove_folder(folder);
}

static void
options_that_a_service_cannot_serve(void **state)
{
    static const char *const events[] = {"cpu_cycles", NULL};
    static const DomstatsOptions fits[] = {{0},
                                           {.timeout_ms = 1},
                                           {.n_threads = 1},
                                           {.libvirt_requests = 2},
                                           {.monitors = DOMSTATS_MONITORS_RELEASE}};
    const DomstatsOptions others[] = {
        {.service = DOMSTATS_SERVICE_NEVER},
        {.monitors = DOMSTATS_MONITORS_HOLD},
        {.listeners = DOMSTATS_LISTENERS_ANY},
        {.libvirt = DOMSTATS_LIBVIRT_NEVER},
        {.perf_events = events},
        {.resctrl_root = "/sys/fs/resctrl"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(fits); i++)
        assert_true(domstats_auto_fits(&fits[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        assert_false(domstats_auto_fits(&others[i]));
}

static int
run_plain_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_the_host_once_it_is_polled),
        cmocka_unit_test(options_that_a_service_cannot_serve),
    };

    return cmocka_run_group_tests_name("domstats_auto", tests, NULL, NULL);
}

int
main(void)
{
    int n_failed = run_plain_tests();

    n_failed +=
        TESTING_RUN_TABLE("domstats_auto reasons", reason_rows, says_why_the_service_was_not_asked);
    return n_failed + TESTING_RUN_TABLE("domstats_auto calls", auto_rows, asks_whom);
}
