/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_xml: libvirt's XML becomes a definition; hostile XML becomes an error.
 */
#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/words/qemu_xml.h"
#include "testing.h"
#include "util/util_error.h"

typedef struct {
    const char *name;
    const char *devices; /* what stands in the domain */
    const char *expected;
} Row;

static void
append_count(GString *out, const char *name, UtilCount count)
{
    if (count.is_present)
        g_string_append_printf(out, "%s=%" G_GUINT64_FORMAT "\n", name, (guint64)count.value);
}

static void
append_text(GString *out, const char *name, const char *text)
{
    if (text != NULL)
        g_string_append_printf(out, " %s=%s", name, text);
}

static void
append_disk(GString *out, const QemuDefinitionDisk *disk)
{
    g_string_append(out, "disk");
    append_text(out, "target", disk->target);
    append_text(out, "alias", disk->alias);
    append_text(out, "path", disk->path);
    append_text(out, "format", disk->format);
    append_text(out, "vhost-user", disk->is_vhost_user ? "yes" : NULL);
    append_text(out, "encrypted", disk->is_encrypted ? "yes" : NULL);
    for (guint i = 0; disk->paths != NULL && i < disk->paths->len; i++)
        g_string_append_printf(out, " [%u %s %s]", g_array_index(disk->indexes, unsigned int, i),
                               (const char *)g_ptr_array_index(disk->formats, i),
                               (const char *)g_ptr_array_index(disk->paths, i));
    for (guint i = 0; disk->data_files != NULL && i < disk->data_files->len; i++) {
        const QemuDefinitionDataFile *file =
            &g_array_index(disk->data_files, QemuDefinitionDataFile, i);

        if (file->is_there)
            g_string_append_printf(out, " data-of-%u=%u %s %s", i, file->index, file->format,
                                   file->path ? file->path : "");
    }
    if (disk->mirror_path != NULL)
        g_string_append_printf(out, " mirror=%u %s", disk->mirror_index, disk->mirror_path);
    g_string_append_c(out, '\n');
}

static void
append_nic(GString *out, const QemuDefinitionNic *nic)
{
    static const char *const kinds[] = {[QEMU_DEFINITION_NIC_TAP] = "tap",
                                        [QEMU_DEFINITION_NIC_HOST_VIEW] = "host-view",
                                        [QEMU_DEFINITION_NIC_NO_DEVICE] = "no-device"};

    g_string_append_printf(out, "nic %s", kinds[nic->kind]);
    append_text(out, "id", nic->id);
    append_text(out, "ifname", nic->ifname);
    g_string_append_c(out, '\n');
}

/* All that was told, a line each. */
static char *
describe(const QemuXml *xml)
{
    static const char *const kinds[] = {[QEMU_DEFINITION_CACHE] = "cache",
                                        [QEMU_DEFINITION_BANDWIDTH] = "bandwidth",
                                        [QEMU_DEFINITION_ENERGY] = "energy"};
    const QemuDefinition *definition = xml->definition;
    GString *out = g_string_new(NULL);

    append_count(out, "memory", definition->memory_kib);
    append_count(out, "current", definition->memory_current_kib);
    append_count(out, "vcpus", definition->vcpus_current);
    append_count(out, "vcpus_max", definition->vcpus_max);
    if (!definition->has_balloon)
        g_string_append(out, "no balloon\n");
    for (guint i = 0; i < definition->disks->len; i++)
        append_disk(out, &g_array_index(definition->disks, QemuDefinitionDisk, i));
    for (guint i = 0; i < definition->nics->len; i++)
        append_nic(out, &g_array_index(definition->nics, QemuDefinitionNic, i));
    for (guint i = 0; definition->resctrl != NULL && i < definition->resctrl->len; i++) {
        const QemuDefinitionResctrl *monitor =
            &g_array_index(definition->resctrl, QemuDefinitionResctrl, i);

        g_string_append_printf(out, "%s name=%s vcpus=%s folder=%s\n", kinds[monitor->kind],
                               monitor->name, monitor->vcpus, monitor->folder);
    }
    for (guint i = 0; definition->perf_events != NULL && i < definition->perf_events->len; i++)
        g_string_append_printf(out, "event %s\n",
                               (const char *)g_ptr_array_index(definition->perf_events, i));
    for (char **word = xml->extra_args; *word != NULL; word++)
        g_string_append_printf(out, "arg %s\n", *word);
    return g_string_free(out, FALSE);
}

#define CHAIN                                                                                      \
    "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"                  \
    "<source file='/i/top' index='3'/><backingStore type='block' index='4'>"                       \
    "<format type='qcow2'/><source dev='/dev/mid'/><backingStore type='network' index='5'>"        \
    "<format type='raw'/><source protocol='nbd' name='x'/><backingStore/></backingStore>"          \
    "</backingStore><target dev='vda' bus='virtio'/><alias name='virtio-disk0'/></disk></devices>"

static const Row rows[] = {
    {"an empty domain has no disks and may have a balloon", "", ""},
    {"sizes are KiB, as libvirt writes them",
     "<memory unit='KiB'>2048</memory><currentMemory "
     "unit='KiB'>1024</currentMemory><vcpu placement='static' current='2'>4</vcpu>",
     "memory=2048\ncurrent=1024\nvcpus=2\nvcpus_max=4\n"},
    {"without a current number all vCPUs are on", "<vcpu>3</vcpu>", "vcpus=3\nvcpus_max=3\n"},
    {"what is no number, or another unit, is absent",
     "<memory unit='MiB'>2</memory><currentMemory unit='KiB'>-1</currentMemory><vcpu>many</vcpu>",
     ""},
    {"more vCPUs than there can be are absent", "<vcpu>4097</vcpu>", ""},
    {"a chain, with what is not local unnamed", CHAIN,
     "disk target=vda alias=virtio-disk0 path=/i/top format=qcow2 [3 qcow2 /i/top] "
     "[4 qcow2 /dev/mid] [5 raw ]\n"},
    {"data files of images",
     "<devices><disk type='file'><driver type='qcow2'/><source file='/t' index='4'><dataStore "
     "type='file'><format type='raw'/><source file='/t.data' index='3'/></dataStore></source>"
     "<backingStore type='file' index='2'><format type='qcow2'/><source file='/b'><dataStore "
     "type='network'><format type='raw'/><source protocol='nbd' name='x' index='1'/></dataStore>"
     "</source><backingStore/></backingStore><target dev='vda'/></disk></devices>",
     "disk target=vda path=/t format=qcow2 [4 qcow2 /t] [2 qcow2 /b] data-of-0=3 raw /t.data "
     "data-of-1=1 raw \n"},
    {"a drive without a medium",
     "<devices><disk type='file' device='cdrom'><driver name='qemu'/><target dev='sda'/>"
     "<alias name='sata0-0-0'/></disk></devices>",
     "disk target=sda alias=sata0-0-0\n"},
    {"a block device that is encrypted",
     "<devices><disk type='block'><driver type='raw'/><source dev='/dev/x'><encryption "
     "format='luks'/></source><target dev='vdb'/></disk></devices>",
     "disk target=vdb path=/dev/x format=raw encrypted=yes [0 raw /dev/x]\n"},
    {"a disk that another process serves",
     "<devices><disk type='vhostuser'><source type='unix' path='/s'/><target dev='vda'/></disk>"
     "</devices>",
     "disk target=vda vhost-user=yes [0  ]\n"},
    {"the target of a copy, and none of a commit",
     "<devices><disk type='file'><source file='/a'/><mirror type='file' job='copy'><source "
     "file='/b' index='9'/></mirror><target dev='vda'/></disk><disk type='file'><source "
     "file='/c'/><mirror type='file' job='active-commit'><source file='/d'/></mirror>"
     "<target dev='vdb'/></disk></devices>",
     "disk target=vda path=/a [0  /a] mirror=9 /b\ndisk target=vdb path=/c [0  /c]\n"},
    {"macvtap alone is seen from the host",
     "<devices><interface type='direct'><target dev='macvtap0'/></interface><interface "
     "type='ethernet'><target dev='vnet1'/><alias name='net1'/></interface><interface "
     "type='bridge'><target dev='vnet0'/></interface></devices>",
     "nic host-view ifname=macvtap0\nnic tap id=net1 ifname=vnet1\nnic tap ifname=vnet0\n"},
    {"what has no device on the host is counted",
     "<devices><interface type='user'/><interface type='hostdev'/><interface type='vhostuser'>"
     "<target dev='vhu0'/></interface></devices>",
     "nic no-device\nnic no-device\nnic tap ifname=vhu0\n"},
    {"no balloon", "<devices><memballoon model='none'/></devices>", "no balloon\n"},
    {"a balloon", "<devices><memballoon model='virtio'/></devices>", ""},
    {"events that are on",
     "<perf><event name='cmt' enabled='no'/><event name='cpu_cycles' enabled='yes'/><event "
     "enabled='yes'/></perf>",
     "event cpu_cycles\n"},
    {"a monitor lives in its group's folder or inside it, or in the host's if the group allots "
     "nothing",
     "<cputune><cachetune vcpus='0-3' id='vcpus_0-3'><cache id='0' level='3' type='both' "
     "size='3'/><monitor level='3' vcpus='0-3'/><monitor level='3' vcpus='1'/></cachetune>"
     "<memorytune vcpus='4'><monitor vcpus='4'/></memorytune><energytune vcpus='5'><monitor "
     "vcpus='5'/></energytune></cputune>",
     "cache name=qemu-7-web_1-vcpus_0-3 vcpus=0-3 folder=qemu-7-web_1-vcpus_0-3\n"
     "cache name=qemu-7-web_1-vcpus_1 vcpus=1 "
     "folder=qemu-7-web_1-vcpus_0-3/mon_groups/qemu-7-web_1-vcpus_1\n"
     "bandwidth name=qemu-7-web_1-vcpus_4 vcpus=4 folder=mon_groups/qemu-7-web_1-vcpus_4\n"
     "energy name=qemu-7-web_1-vcpus_5 vcpus=5 folder=mon_groups/qemu-7-web_1-vcpus_5\n"},
    {"words for QEMU, of its own namespace only",
     "<x:commandline xmlns:x='urn:other'><x:arg value='-no'/></x:commandline><q:commandline "
     "xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:arg value='-qmp'/><q:env name='A' "
     "value='b'/><q:arg value='unix:/a&amp;b,server=on'/></q:commandline>",
     "arg -qmp\narg unix:/a&b,server=on\n"},
};

static void
becomes_definition(const void *data)
{
    const Row *row = data;
    g_autofree char *text = g_strdup_printf("<domain type='kvm' id='7'><name>web_1</name><uuid>"
                                            "6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>%s"
                                            "</domain>",
                                            row->devices);
    g_autoptr(GError) error = NULL;
    g_autoptr(QemuXml) xml = qemu_xml_parse(text, strlen(text), &error);
    g_autofree char *got = NULL;

    if (xml == NULL)
        fail_msg("%s", error->message);
    assert_string_equal(xml->definition->name, "web_1");
    assert_string_equal(xml->definition->uuid, "6695eb01-f6a4-8304-79aa-97f2502e193f");
    assert_non_null(xml->definition->disks);
    got = describe(xml);
    testing_assert_same_text(got, row->expected);
}

/* A file that must not be read, an entity that must not be expanded. */
#define BOMB                                                                                       \
    "<!DOCTYPE domain [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"       \
    "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]><domain><name>&c;</name></domain>"
#define OUTSIDE                                                                                    \
    "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"                                  \
    "<domain><name>&x;</name></domain>"

static const Row bad_rows[] = {
    {"nothing", "", NULL},
    {"no XML", "domain", NULL},
    {"not closed", "<domain><name>a", NULL},
    {"another document", "<network/>", NULL},
    {"two documents", "<domain/><domain/>", NULL},
    {"a document type", "<!DOCTYPE domain><domain/>", NULL},
    {"a document type elsewhere", "<!DOCTYPE domain SYSTEM 'file:///dev/zero'><domain/>", NULL},
    {"entities in entities", BOMB, NULL},
    {"an entity of a file", OUTSIDE, NULL},
    {"an entity that nobody declared", "<domain><name>&x;</name></domain>", NULL},
    {"broken UTF-8", "<domain><name>\xff\xfe</name></domain>", NULL},
    {"an attribute twice", "<domain id='1' id='2'/>", NULL},
};

static void
is_refused(const void *data)
{
    const Row *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(QemuXml) xml = qemu_xml_parse(row->devices, strlen(row->devices), &error);

    assert_null(xml);
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_BROKEN));
}

static char *
repeat(const char *head, const char *text, size_t n, const char *tail)
{
    GString *out = g_string_new(head);

    for (size_t i = 0; i < n; i++)
        g_string_append(out, text);
    g_string_append(out, tail);
    return g_string_free(out, FALSE);
}

static void
limits_hold(void **state)
{
    g_autofree char *nested = repeat("<domain>", "<a>", 5000, "");
    g_autofree char *disks =
        repeat("<domain><devices>", "<disk/>", QEMU_LIMIT_DISKS + 5, "</devices></domain>");
    g_autofree char *nics =
        repeat("<domain><devices>", "<interface/>", QEMU_LIMIT_NICS + 5, "</devices></domain>");
    g_autofree char *large = g_malloc0(QEMU_LIMIT_XML_BYTES + 2);
    g_autoptr(QemuXml) xml = NULL;

    (void)state;
    assert_null(qemu_xml_parse(nested, strlen(nested), NULL));
    xml = qemu_xml_parse(disks, strlen(disks), NULL);
    assert_int_equal(xml->definition->disks->len, QEMU_LIMIT_DISKS);
    qemu_xml_free(g_steal_pointer(&xml));
    xml = qemu_xml_parse(nics, strlen(nics), NULL);
    assert_int_equal(xml->definition->nics->len, QEMU_LIMIT_NICS);
    memset(large, ' ', QEMU_LIMIT_XML_BYTES + 1);
    memcpy(large, "<domain/>", strlen("<domain/>"));
    assert_null(qemu_xml_parse(large, QEMU_LIMIT_XML_BYTES + 1, NULL));
}

static void
a_long_chain_ends(void **state)
{
    GString *text = g_string_new("<domain><devices><disk type='file'><source file='/0'/>");
    g_autofree char *bytes = NULL;
    g_autoptr(QemuXml) xml = NULL;

    (void)state;
    for (unsigned int i = 1; i < 100; i++)
        g_string_append_printf(text, "<backingStore type='file'><source file='/%u'/>", i);
    for (unsigned int i = 1; i < 100; i++)
        g_string_append(text, "</backingStore>");
    g_string_append(text, "</disk></devices></domain>");
    bytes = g_string_free(text, FALSE);
    xml = qemu_xml_parse(bytes, strlen(bytes), NULL);
    assert_non_null(xml);
    assert_int_equal(g_array_index(xml->definition->disks, QemuDefinitionDisk, 0).paths->len, 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(a_long_chain_ends),
    };
    int n_failed = TESTING_RUN_TABLE("xml", rows, becomes_definition);

    n_failed += TESTING_RUN_TABLE("bad xml", bad_rows, is_refused);
    return n_failed + cmocka_run_group_tests_name("xml limits", tests, NULL, NULL);
}
