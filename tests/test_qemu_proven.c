/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_proven: what a command line, or libvirt's XML, proves of a QEMU, so that it is not
 * asked.
 */
#include <string.h>

#include "qemu/words/qemu_cmdline.h"
#include "qemu/words/qemu_xml.h"
#include "testing.h"

typedef struct {
    const char *sentence;
    const char *words; /* after the program, a blank between; or what stands in the XML */
    const char *proven;
} Row;

#define PC "-machine pc,accel=kvm "

static const Row rows[] = {
    {"no words: that it has no name and no UUID", "", "identity"},
    {"a name", "-name guest=a,debug-threads=on", "identity"},
    {"a name that QEMU writes in its own way", "-name guest=b\xc3\xa4r", ""},
    {"a file of options that is not read may have another name", "-name a -readconfig /x", ""},

    {"vCPUs, all there", PC "-smp 4", "identity devices vcpus 4"},
    {"in sockets that fit", PC "-smp 4,sockets=4,cores=1,threads=1", "identity devices vcpus 4"},
    {"in sockets that do not: QEMU has rules for that", PC "-smp 3,sockets=2,cores=2",
     "identity devices"},
    {"some to be plugged", PC "-smp 2,maxcpus=8", "identity devices vcpus 8"},
    {"in two options", PC "-smp 2 -smp maxcpus=8", "identity devices vcpus 8"},
    {"as properties of the machine", "-machine q35,smp.cpus=3", "identity devices vcpus 3"},
    {"fewer possible than there are: no QEMU runs so", PC "-smp 8,maxcpus=2", "identity devices"},
    {"no number: a default of QEMU's", PC, "identity devices"},
    {"an octal number", PC "-smp 010", "identity devices vcpus 8"},
    {"a hexadecimal one", PC "-smp 2,maxcpus=0x4", "identity devices vcpus 4"},
    {"in sockets that do not fit, likewise", PC "-smp 4,sockets=0x2,cores=4", "identity devices"},
    {"a number with a sign", PC "-smp 2,maxcpus=+4", "identity devices"},
    {"no number of vCPUs", PC "-smp 2,maxcpus=18446744073709551620", "identity devices"},
    {"more sockets than there can be vCPUs", PC "-smp 4,sockets=65536,cores=65536",
     "identity devices"},

    {"memory", PC "-m 64", "identity devices memory 67108864"},
    {"with a suffix", PC "-m size=65536k", "identity devices memory 67108864"},
    {"of no whole MiB: QEMU rounds it", PC "-m 4097k", "identity devices"},
    {"of some bytes more than whole MiB", PC "-m 67108865b", "identity devices"},
    {"the same by a fraction", PC "-m 64.000001", "identity devices"},
    {"of a fraction that is rounded up", PC "-m 64.0000009", "identity devices"},
    {"past 64 bits", PC "-m 17179869184g", "identity devices"},
    {"in two places", "-machine pc,memory.size=64M -m 64", "identity devices"},
    {"that can be plugged", PC "-m 64,slots=2,maxmem=1G", "identity memory 67108864"},
    {"that can be plugged, by another option", "-machine q35,memory.max-size=1G -m 64",
     "identity memory 67108864"},
    {"a device of it", PC "-m 64 -device virtio-pmem-pci,memdev=m", "identity memory 67108864"},
    {"an enclave", "-machine q35,sgx-epc.0.memdev=e -m 64", "identity memory 67108864"},

    {"a machine of another kind", "-machine virt -smp 4 -m 64", "identity"},
    {"one that cannot plug vCPUs", "-machine microvm -smp 4", "identity"},
    {"a version of a machine", "-M pc-q35-7.2 -smp 1", "identity devices vcpus 1"},
    {"a default machine may be any", "-smp 4 -m 64", "identity"},

    {"a balloon", "-device virtio-balloon-pci,id=b0", "identity balloon b0"},
    {"in JSON", "-device {\"driver\":\"virtio-balloon-ccw\",\"id\":\"b0\"}", "identity balloon b0"},
    {"without an id", "-device virtio-balloon-pci", "identity"},
    {"with an id that no QEMU takes", "-device virtio-balloon-pci,id=b\"0", "identity"},
};

/* The caller frees. */
static char *
describe(const QemuDefinitionProven *proven)
{
    GString *text = g_string_new(NULL);

    if (proven->has_identity)
        g_string_append(text, " identity");
    if (proven->lacks_memory_devices)
        g_string_append(text, " devices");
    if (proven->vcpus_max.is_present)
        g_string_append_printf(text, " vcpus %" G_GUINT64_FORMAT, proven->vcpus_max.value);
    if (proven->memory_bytes.is_present)
        g_string_append_printf(text, " memory %" G_GUINT64_FORMAT, proven->memory_bytes.value);
    if (proven->balloon_id != NULL)
        g_string_append_printf(text, " balloon %s", proven->balloon_id);
    if (text->len > 0)
        g_string_erase(text, 0, 1);
    return g_string_free(text, FALSE);
}

static void
words_prove(const void *data)
{
    const Row *row = data;
    g_autofree char *line = g_strconcat("qemu-system-x86_64 ", row->words, NULL);
    g_auto(GStrv) words = g_strsplit(g_strstrip(line), " ", -1);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const *)words);
    g_autofree char *proven = describe(&cmdline->definition->proven);

    testing_assert_same_text(proven, row->proven);
}

#define UUID   "<uuid>0f0e0d0c-0b0a-4908-8706-050403020100</uuid>"
#define OS     "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>"
#define MEMORY "<memory unit='KiB'>65536</memory>"
#define ARG(w) "<arg value='" w "'/>"
#define ARGS(args)                                                                                 \
    "<commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'>" args "</commandline>"

static const Row xml_rows[] = {
    {"a name and a UUID", UUID, "identity"},
    {"vCPUs, some of them plugged", UUID OS "<vcpu current='2'>8</vcpu>",
     "identity devices vcpus 8"},
    {"of a machine of another kind",
     UUID "<os><type machine='virt-7.2'>hvm</type></os><vcpu>4</vcpu>" MEMORY, "identity"},
    {"memory", UUID OS MEMORY, "identity devices memory 67108864"},
    {"memory that can be plugged", UUID OS MEMORY "<maxMemory slots='2'>131072</maxMemory>",
     "identity"},
    {"a memory device", UUID OS MEMORY "<devices><memory model='sgx-epc'/></devices>", "identity"},
    {"memory of no whole MiB", UUID OS "<memory>65537</memory>", "identity devices"},
    {"a balloon",
     UUID "<devices><memballoon model='virtio'><alias name='balloon0'/></memballoon>"
          "</devices>",
     "identity balloon balloon0"},
    {"none", UUID "<devices><memballoon model='none'/></devices>", "identity"},
    {"with an alias that no QEMU takes",
     UUID "<devices><memballoon><alias name='b&quot;'/>"
          "</memballoon></devices>",
     "identity"},
    {"words that make a monitor change nothing", UUID OS ARGS(ARG("-qmp") ARG("unix:/m")),
     "identity devices"},
    {"words for the firmware may", UUID ARGS(ARG("-smbios") ARG("type=1,uuid=x")), ""},
    {"words about the machine may", UUID OS ARGS(ARG("-m") ARG("64")), ""},
    {"with two dashes too", UUID OS ARGS(ARG("--device") ARG("x")), ""},
};

static void
xml_proves(const void *data)
{
    const Row *row = data;
    g_autofree char *text =
        g_strconcat("<domain type='kvm' id='1'><name>a</name>", row->words, "</domain>", NULL);
    g_autoptr(QemuXml) xml = qemu_xml_parse(text, strlen(text), NULL);
    g_autofree char *proven = NULL;

    assert_non_null(xml);
    proven = describe(&xml->definition->proven);
    testing_assert_same_text(proven, row->proven);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("proven by words", rows, words_prove);

    return n_failed + TESTING_RUN_TABLE("proven by XML", xml_rows, xml_proves);
}
