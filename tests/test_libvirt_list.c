/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_libvirt_list: the list, the states and the definitions, on libvirt's own test driver: a host
 * in memory, the same for all connections to one URI of a process.
 */
#include <libvirt/virterror.h>
#include <string.h>

#include "libvirt/libvirt_definition.h"
#include "libvirt/libvirt_list.h"
#include "testing.h"

#define URI          "test:///default"
#define DEFAULT_UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"
#define OTHER_UUID   "11111111-2222-3333-4444-555555555555"

static LibvirtPoolRequest *
wait_well(LibvirtPoolRequest *request)
{
    const LibvirtOutcome *outcome = NULL;

    assert_true(libvirt_pool_request_wait(request, util_deadline_in_ms(60000)));
    outcome = libvirt_pool_request_outcome(request);
    if (outcome->kind != LIBVIRT_OUTCOME_WELL)
        fail_msg("%s", outcome->message);
    return request;
}

static const LibvirtListDomain *
find(const GArray *domains, const char *name)
{
    for (guint i = 0; i < domains->len; i++) {
        const LibvirtListDomain *domain = &g_array_index(domains, LibvirtListDomain, i);

        if (strcmp(domain->name, name) == 0)
            return domain;
    }
    return NULL;
}

static void
the_list_is_libvirts(void **state)
{
    virConnectPtr conn = virConnectOpen(URI);
    virDomainPtr passing = virDomainCreateXML(
        conn,
        "<domain type='test'><name>passing</name><memory>1024</memory><vcpu>1</vcpu>"
        "<os><type>hvm</type></os></domain>",
        0);
    virDomainPtr off = virDomainDefineXML(
        conn, "<domain type='test'><name>off</name><uuid>" OTHER_UUID "</uuid><memory>1024</memory>"
              "<vcpu>1</vcpu><os><type>hvm</type></os></domain>");
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(URI, NULL);
    g_autoptr(LibvirtPoolRequest) list = wait_well(libvirt_list_ask(pool, NULL));
    g_autoptr(LibvirtPoolRequest) states = wait_well(libvirt_list_ask_states(pool, NULL));
    const GArray *domains = libvirt_list_domains(list);

    (void)state;
    assert_int_equal(domains->len, 3);
    assert_int_equal(find(domains, "test")->id, 1);
    assert_string_equal(find(domains, "test")->uuid, DEFAULT_UUID);
    assert_true(find(domains, "test")->is_persistent);
    assert_int_equal(libvirt_list_state(states, DEFAULT_UUID)->state, VIR_DOMAIN_RUNNING);
    assert_int_equal(libvirt_list_state(states, DEFAULT_UUID)->id, 1);
    assert_false(find(domains, "passing")->is_persistent);
    assert_int_equal(find(domains, "off")->id, -1);
    assert_true(find(domains, "off")->is_persistent);
    assert_int_equal(libvirt_list_state(states, OTHER_UUID)->state, VIR_DOMAIN_SHUTOFF);
    assert_int_equal(libvirt_list_state(states, OTHER_UUID)->id, -1);
    assert_null(libvirt_list_state(states, "22222222-2222-3333-4444-555555555555"));
    virDomainDestroy(passing);
    virDomainUndefine(off);
    virDomainFree(passing);
    virDomainFree(off);
    virConnectClose(conn);
}

static void
a_definition_is_libvirts(void **state)
{
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(URI, NULL);
    g_autoptr(LibvirtPoolRequest) there =
        wait_well(libvirt_definition_ask(pool, DEFAULT_UUID, NULL));
    g_autoptr(LibvirtPoolRequest) missing = libvirt_definition_ask(pool, OTHER_UUID, NULL);

    (void)state;
    assert_non_null(strstr(libvirt_definition_text(there), "<name>test</name>"));
    assert_true(libvirt_pool_request_wait(missing, util_deadline_in_ms(60000)));
    assert_int_equal(libvirt_pool_request_outcome(missing)->kind, LIBVIRT_OUTCOME_NO_DOMAIN);
    assert_null(libvirt_definition_text(missing));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"the list and the states are libvirt's", the_list_is_libvirts, NULL, NULL, NULL},
        {"a definition is libvirt's, and a missing domain has none", a_definition_is_libvirts, NULL,
         NULL, NULL},
    };

    virInitialize();
    return cmocka_run_group_tests_name("libvirt_list", tests, NULL, NULL);
}
