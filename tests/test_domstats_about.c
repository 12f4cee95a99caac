/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_domstats_about: what a call for about. fields asks of libvirt, a fake one here, and what it
 * takes of old, missing and broken definitions; and which statistics of a libvirt are left out.
 */
#include <string.h>

#include "domstats/domstats.h"
#include "emit_case.h"
#include "fake_libvirt.h"
#include "libvirt_case.h"
#include "testing.h"

enum { TIMEOUT_MS = 4000 };

#define UINT(name, value)                                                                          \
    {                                                                                              \
        name, VIR_TYPED_PARAM_UINT, value, NULL                                                    \
    }
#define TEXT(name, value)                                                                          \
    {                                                                                              \
        name, VIR_TYPED_PARAM_STRING, 0, value                                                     \
    }
#define STATE                                                                                      \
    {"state.state", VIR_TYPED_PARAM_INT, VIR_DOMAIN_RUNNING, NULL},                                \
        {"state.reason", VIR_TYPED_PARAM_INT, 1, NULL},                                            \
    {                                                                                              \
        "balloon.rss", VIR_TYPED_PARAM_ULLONG, 7, NULL                                             \
    }
#define READS(n)                                                                                   \
    {                                                                                              \
        "block." #n ".rd.reqs", VIR_TYPED_PARAM_ULLONG, 0, NULL                                    \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, 0, NULL                                                                           \
    }

static const FakeLibvirtParam one_disk[] = {STATE,
                                            UINT("net.count", 1),
                                            TEXT("net.0.name", "vnet0"),
                                            UINT("block.count", 1),
                                            TEXT("block.0.name", "vda"),
                                            TEXT("block.0.path", "/a"),
                                            READS(0),
                                            END};
static const FakeLibvirtParam two_disks[] = {STATE,
                                             UINT("net.count", 1),
                                             TEXT("net.0.name", "vnet0"),
                                             UINT("block.count", 2),
                                             TEXT("block.0.name", "vda"),
                                             TEXT("block.0.path", "/a"),
                                             READS(0),
                                             TEXT("block.1.name", "vdb"),
                                             READS(1),
                                             END};
static const FakeLibvirtParam other_image[] = {STATE,
                                               UINT("net.count", 1),
                                               TEXT("net.0.name", "vnet0"),
                                               UINT("block.count", 1),
                                               TEXT("block.0.name", "vda"),
                                               TEXT("block.0.path", "/b"),
                                               READS(0),
                                               END};
static const FakeLibvirtParam chain[] = {STATE,
                                         UINT("net.count", 1),
                                         TEXT("net.0.name", "vnet0"),
                                         UINT("block.count", 2),
                                         TEXT("block.0.name", "vda"),
                                         TEXT("block.0.path", "/a"),
                                         READS(0),
                                         TEXT("block.1.name", "vda"),
                                         TEXT("block.1.path", "/base"),
                                         END};
static const FakeLibvirtParam other_nic[] = {
    STATE, UINT("net.count", 1), TEXT("net.0.name", "vnet7"), UINT("block.count", 0), END};
static const FakeLibvirtParam more_nics[] = {STATE, UINT("net.count", 2), UINT("block.count", 0),
                                             END};

#define DISK(target, path, bus)                                                                    \
    "<disk type='file' device='disk'><source file='" path "'/><target dev='" target "' bus='" bus  \
    "'/></disk>"
#define NIC          "<interface type='bridge'><target dev='vnet0'/></interface>"
#define XML(devices) "<domain type='kvm'><name>a</name><devices>" NIC devices "</devices></domain>"

static const char first_xml[] = XML(DISK("vda", "/a", "virtio"));
static const char two_xml[] = XML(DISK("vda", "/a", "virtio") DISK("vdb", "", "scsi"));
static const char other_xml[] = XML(DISK("vda", "/b", "sata"));

typedef struct {
    FakeLibvirtDomain domains[3];
    FakeLibvirt *fake;
    DomstatsConn *conn;
} Scene;

static void
init_scene(Scene *self, const FakeLibvirtFault *faults)
{
    const DomstatsOptions options = {.timeout_ms = TIMEOUT_MS};
    g_autofree char *source = NULL;

    self->domains[0] =
        (FakeLibvirtDomain){.name = "a", .id = 1, .xml = first_xml, .params = one_disk};
    self->fake = fake_libvirt_new(self->domains, faults);
    source = g_strconcat("libvirt:", fake_libvirt_uri(self->fake), NULL);
    self->conn = domstats_open(source, &options, NULL);
    assert_non_null(self->conn);
}

static void
clear_scene(Scene *self)
{
    domstats_close(self->conn);
    fake_libvirt_free(self->fake);
}

/* libvirt tells this of the domain from now on. */
static void
become(Scene *self, int id, const char *xml, const FakeLibvirtParam *params)
{
    static FakeLibvirtDomain next[3];

    next[0] = (FakeLibvirtDomain){.name = "a", .id = id, .xml = xml, .params = params};
    fake_libvirt_set_domains(self->fake, next);
}

static unsigned int
n_definitions(const Scene *self)
{
    return fake_libvirt_n_calls(self->fake, FAKE_LIBVIRT_XML);
}

static void
assert_each_name_once(const DomstatsRecord *record)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (int i = 0; i < record->n_params; i++)
        assert_true(g_hash_table_add(names, record->params[i].field));
}

/* The about. fields of the first domain, without those of the list: " NAME=VALUE ...". */
static char *
call(const Scene *self, unsigned int extras)
{
    const DomstatsCall call = {.extras = extras};
    g_autoptr(DomstatsRecordList) records = NULL;
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);
    int n = domstats_get_stats(self->conn, &call, &records, &error);

    assert_null(error);
    assert_int_equal(n, 1);
    assert_int_equal(records[0]->health, DOMSTATS_HEALTH_OK);
    assert_int_equal(records[0]->answered_by, DOMSTATS_ANSWERED_BY_LIBVIRT);
    assert_each_name_once(records[0]);
    for (int i = 0; i < records[0]->n_params; i++) {
        const virTypedParameter *param = &records[0]->params[i];

        if (g_str_has_prefix(param->field, "about.") && param->type == VIR_TYPED_PARAM_STRING)
            g_string_append_printf(text, " %s=%s", param->field + strlen("about."), param->value.s);
    }
    return g_string_free(text, FALSE);
}

static void
assert_tells(const Scene *self, const char *expected)
{
    g_autofree char *got = call(self, DOMSTATS_CALL_ABOUT);

    testing_assert_same_text(got, expected);
}

#define KVM    " state.type=kvm"
#define BRIDGE " net.0.type=bridge"
#define VDA    " block.0.device=disk block.0.bus=virtio block.0.type=file"
#define VDB    " block.1.device=disk block.1.bus=scsi block.1.type=file"

static void
one_a_run(Scene *self)
{
    for (int i = 0; i < 3; i++)
        assert_tells(self, KVM BRIDGE VDA);
    assert_int_equal(n_definitions(self), 1);
    become(self, 2, first_xml, one_disk);
    assert_tells(self, KVM BRIDGE VDA);
    assert_int_equal(n_definitions(self), 2);
}

static void
nothing_unasked(Scene *self)
{
    g_autofree char *got = call(self, DOMSTATS_CALL_EXT);
    unsigned int n_lists = fake_libvirt_n_calls(self->fake, FAKE_LIBVIRT_LIST);

    assert_string_equal(got, "");
    assert_int_equal(n_definitions(self), 0);
    assert_tells(self, KVM BRIDGE VDA);
    /* One call more: which domains it starts by itself. */
    assert_int_equal(fake_libvirt_n_calls(self->fake, FAKE_LIBVIRT_LIST), 2 * n_lists + 1);
    g_free(got);
    got = call(self, 0);
    assert_string_equal(got, "");
    assert_int_equal(fake_libvirt_n_calls(self->fake, FAKE_LIBVIRT_LIST), 3 * n_lists + 1);
    assert_int_equal(n_definitions(self), 1);
}

static void
a_disk_comes(Scene *self)
{
    assert_tells(self, KVM BRIDGE VDA);
    become(self, 1, two_xml, two_disks);
    assert_tells(self, KVM BRIDGE VDA);
    assert_tells(self, KVM BRIDGE VDA VDB);
    assert_tells(self, KVM BRIDGE VDA VDB);
    assert_int_equal(n_definitions(self), 2);
}

static void
an_image_changes(Scene *self)
{
    assert_tells(self, KVM BRIDGE VDA);
    become(self, 1, other_xml, other_image);
    assert_tells(self, KVM BRIDGE);
    assert_tells(self, KVM BRIDGE " block.0.device=disk block.0.bus=sata block.0.type=file");
    assert_int_equal(n_definitions(self), 2);
}

static void
a_definition_that_never_fits(Scene *self)
{
    become(self, 1, first_xml, two_disks);
    for (int i = 0; i < 4; i++)
        assert_tells(self, KVM BRIDGE VDA);
    assert_int_equal(n_definitions(self), 2);
}

static void
other_interfaces(Scene *self)
{
    become(self, 1, first_xml, other_nic);
    assert_tells(self, KVM);
    become(self, 1, first_xml, more_nics);
    assert_tells(self, KVM);
}

static void
a_chain(Scene *self)
{
    become(self, 1, first_xml, chain);
    assert_tells(self, KVM BRIDGE VDA);
    assert_tells(self, KVM BRIDGE VDA);
    assert_int_equal(n_definitions(self), 1);
}

/* A call that waited for the definition again would have no time left. */
static void
a_silent_one(Scene *self)
{
    for (int i = 0; i < 3; i++)
        assert_tells(self, "");
    assert_int_equal(n_definitions(self), 1);
    fake_libvirt_set_faults(self->fake, NULL);
    fake_libvirt_let_go(self->fake);
    for (int i = 0; i < 100; i++) {
        g_autofree char *got = call(self, DOMSTATS_CALL_ABOUT);

        if (got[0] != '\0')
            break;
    }
    assert_tells(self, KVM BRIDGE VDA);
    assert_int_equal(n_definitions(self), 1);
}

static void
a_refused_one(Scene *self)
{
    for (int i = 0; i < 2; i++)
        assert_tells(self, "");
}

static void
a_broken_one(Scene *self)
{
    become(self, 1, "<domain", one_disk);
    assert_tells(self, "");
    become(self, 2, first_xml, one_disk);
    assert_tells(self, KVM BRIDGE VDA);
}

static void
lists_tell(Scene *self)
{
    const DomstatsCall about = {.extras = DOMSTATS_CALL_ABOUT};
    static const FakeLibvirtDomain two[] = {
        {.name = "a", .id = 1, .is_transient = true}, {.name = "b", .is_autostart = true}, {0}};
    g_autoptr(DomstatsRecordList) records = NULL;

    fake_libvirt_set_domains(self->fake, two);
    assert_int_equal(domstats_get_stats(self->conn, &about, &records, NULL), 2);
    for (int i = 0; i < 2; i++) {
        int is_persistent = -1;
        int starts = -1;

        virTypedParamsGetBoolean(records[i]->params, records[i]->n_params, "about.state.persistent",
                                 &is_persistent);
        virTypedParamsGetBoolean(records[i]->params, records[i]->n_params, "about.state.autostart",
                                 &starts);
        assert_int_equal(is_persistent, i);
        assert_int_equal(starts, i);
    }
}

/* A service's answer with one of these would be refused, with all domains in it. */
static void
odd_parameters(Scene *self)
{
    static const FakeLibvirtParam odd[] = {
        {"state.state", VIR_TYPED_PARAM_INT, VIR_DOMAIN_RUNNING, NULL},
        {"vm.a\nb.sum", VIR_TYPED_PARAM_ULLONG, 1, NULL},
        {"vm.\xc3\xa9.sum", VIR_TYPED_PARAM_ULLONG, 2, NULL},
        {"", VIR_TYPED_PARAM_ULLONG, 3, NULL},
        {"vm.c.sum", VIR_TYPED_PARAM_DOUBLE, 0, "inf"},
        {"vm.d.sum", VIR_TYPED_PARAM_ULLONG, 4, NULL},
        END};
    const DomstatsCall call = {.stats = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_VM};
    g_autoptr(DomstatsRecordList) records = NULL;
    g_autoptr(GString) names = g_string_new(NULL);

    become(self, 1, first_xml, odd);
    assert_int_equal(domstats_get_stats(self->conn, &call, &records, NULL), 1);
    for (int i = 0; i < records[0]->n_params; i++)
        g_string_append_printf(names, "%s ", records[0]->params[i].field);
    testing_assert_same_text(names->str, "state.state vm.d.sum ");
}

static const FakeLibvirtFault silent[] = {
    {.procedure = FAKE_LIBVIRT_XML, .then = FAKE_LIBVIRT_IGNORES}, {.then = FAKE_LIBVIRT_END}};
static const FakeLibvirtFault refused[] = {{.procedure = FAKE_LIBVIRT_XML,
                                            .then = FAKE_LIBVIRT_FAILS,
                                            .code = VIR_ERR_OPERATION_DENIED,
                                            .code_domain = VIR_FROM_QEMU,
                                            .message = "no"},
                                           {.then = FAKE_LIBVIRT_END}};

typedef struct {
    const char *name;
    void (*run)(Scene *self);
    const FakeLibvirtFault *faults;
} Row;

static const Row rows[] = {
    {"a run costs one definition", one_a_run, NULL},
    {"calls without these fields ask nothing more", nothing_unasked, NULL},
    {"a disk that comes has the definition read anew", a_disk_comes, NULL},
    {"so has another image, of which nothing is claimed until then", an_image_changes, NULL},
    {"one that never fits is not read in each call", a_definition_that_never_fits, NULL},
    {"nothing is claimed of other interfaces", other_interfaces, NULL},
    {"a chain has the fields of its disk once", a_chain, NULL},
    {"a definition that does not come is waited for in one call", a_silent_one, silent},
    {"one that is refused costs nothing else", a_refused_one, refused},
    {"one that is no XML says nothing", a_broken_one, NULL},
    {"lists tell what is persistent, and starts by itself", lists_tell, NULL},
    {"statistics of odd names, or of no value, are left out", odd_parameters, NULL},
};

static void
runs(const void *data)
{
    const Row *row = data;
    Scene scene = {0};

    init_scene(&scene, row->faults);
    row->run(&scene);
    clear_scene(&scene);
}

int
main(void)
{
    libvirt_case_init();
    return TESTING_RUN_TABLE("domstats_about", rows, runs);
}
