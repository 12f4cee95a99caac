/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source_libvirt: the source libvirt:URI, on libvirt's own test driver: a host in
 * memory, the same for all connections to one URI of a process. For the source it is another host.
 */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

#include "qemu/source/qemu_source.h"
#include "testing.h"
#include "util/util_error.h"

#define URI          "test:///default"
#define DEFAULT_UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"
#define DEFAULT_KEY  "libvirt:" DEFAULT_UUID ":"

static void
ignore_error(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static GPtrArray *
scan(QemuSource *source)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *endpoints = qemu_source_scan(source, util_deadline_in_ms(60000), &error);

    if (endpoints == NULL)
        fail_msg("%s", error->message);
    return endpoints;
}

static QemuSource *
open_source(void)
{
    g_autoptr(GError) error = NULL;
    QemuSource *source = qemu_source_open("libvirt:" URI, NULL, &error);

    if (source == NULL)
        fail_msg("%s", error->message);
    return source;
}

static const QemuEndpoint *
find(const GPtrArray *endpoints, const char *name)
{
    for (guint i = 0; i < endpoints->len; i++) {
        const QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);

        if (strcmp(endpoint->name, name) == 0)
            return endpoint;
    }
    return NULL;
}

static void
a_domain_is_what_libvirt_tells(void **state)
{
    g_autoptr(QemuSource) source = open_source();
    g_autoptr(GPtrArray) endpoints = scan(source);
    const QemuEndpoint *endpoint = find(endpoints, "test");

    (void)state;
    assert_non_null(endpoint);
    assert_string_equal(endpoint->uuid, DEFAULT_UUID);
    assert_true(g_str_has_prefix(endpoint->key, DEFAULT_KEY));
    assert_int_equal(endpoint->id, 1);
    assert_true(endpoint->is_active);
    assert_true(endpoint->is_persistent);
    assert_int_equal(endpoint->libvirt_state, VIR_DOMAIN_RUNNING);
    assert_int_equal(endpoint->trouble, DOMSTATS_HEALTH_NO_MONITOR);
    assert_non_null(strstr(endpoint->trouble_reason, "does not run on this host"));
    assert_int_equal(endpoint->places->len, 0);
    assert_non_null(endpoint->libvirt);
    assert_string_equal(libvirt_pool_uri(endpoint->libvirt), URI);
    assert_int_equal(endpoint->pid, 0);
    assert_null(endpoint->definition);
}

static void
what_has_not_changed_is_the_same_object(void **state)
{
    g_autoptr(QemuSource) source = open_source();
    g_autoptr(GPtrArray) first = scan(source);
    g_autoptr(GPtrArray) second = scan(source);

    (void)state;
    assert_ptr_equal(find(first, "test"), find(second, "test"));
}

static virDomainPtr
start_domain(virConnectPtr conn, const char *name, const char *monitor)
{
    g_autofree char *xml = g_strdup_printf(
        "<domain type='test' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
        "<name>%s</name><memory>1024</memory><vcpu>1</vcpu><os><type>hvm</type></os>"
        "<qemu:commandline><qemu:arg value='-qmp'/><qemu:arg value='%s'/></qemu:commandline>"
        "</domain>",
        name, monitor);

    return virDomainCreateXML(conn, xml, 0);
}

static void
the_list_follows_libvirt(void **state)
{
    virConnectPtr conn = virConnectOpen(URI);
    virDomainPtr domain = virDomainLookupByName(conn, "test");
    virDomainPtr passing = NULL;
    g_autoptr(QemuSource) source = open_source();
    g_autoptr(GPtrArray) before = scan(source);
    g_autoptr(GPtrArray) paused = NULL;
    g_autoptr(GPtrArray) off = NULL;
    g_autoptr(GPtrArray) gone = NULL;

    (void)state;
    passing = start_domain(conn, "passing", "unix:/nowhere,server=on,wait=off");
    assert_int_equal(virDomainSuspend(domain), 0);
    paused = scan(source);
    assert_int_equal(find(paused, "test")->libvirt_state, VIR_DOMAIN_PAUSED);
    assert_string_equal(find(paused, "test")->key, find(before, "test")->key);
    assert_false(find(paused, "passing")->is_persistent);
    assert_true(find(before, "passing") == NULL);
    assert_int_equal(virDomainDestroy(domain), 0);
    off = scan(source);
    assert_false(find(off, "test")->is_active);
    assert_int_equal(find(off, "test")->id, -1);
    assert_non_null(find(off, "test")->libvirt);
    assert_int_equal(find(off, "test")->trouble, DOMSTATS_HEALTH_OK);
    assert_string_not_equal(find(off, "test")->key, find(before, "test")->key);
    assert_int_equal(virDomainDestroy(passing), 0);
    gone = scan(source);
    assert_true(find(gone, "passing") == NULL);
    assert_int_equal(virDomainCreate(domain), 0);
    virDomainFree(passing);
    virDomainFree(domain);
    virConnectClose(conn);
}

typedef struct {
    const char *name;
    const char *source;
    UtilError code;
} BadRow;

static const BadRow bad_rows[] = {
    {"no URI", "libvirt:", UTIL_ERROR_INVALID},
    {"another host that refuses", "libvirt:qemu+tcp://127.0.0.1:1/system", UTIL_ERROR_CONNECT},
    {"nothing that libvirt knows", "libvirt:nosuch:///x", UTIL_ERROR_CONNECT},
    {"a libvirt that is not there", "libvirt:qemu+unix:///system?socket=/no/such",
     UTIL_ERROR_CONNECT},
};

static void
is_refused(const void *data)
{
    const BadRow *row = data;
    g_autoptr(GError) error = NULL;

    virSetErrorFunc(NULL, ignore_error);
    assert_null(qemu_source_open(row->source, NULL, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, (gint)row->code));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_is_what_libvirt_tells),
        cmocka_unit_test(what_has_not_changed_is_the_same_object),
        cmocka_unit_test(the_list_follows_libvirt),
    };

    return TESTING_RUN_TABLE("bad sources", bad_rows, is_refused) +
           cmocka_run_group_tests_name("libvirt", tests, NULL, NULL);
}
