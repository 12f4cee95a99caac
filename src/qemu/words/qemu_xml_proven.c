/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_xml_proven: see qemu_xml_proven.h. libvirt keeps the XML of a domain that runs as its QEMU
 * is: sizes are rounded as QEMU was told them, and a device that was unplugged is not in it.
 */
#include "qemu_xml_proven.h"

#include <string.h>

#include "qemu/facts/qemu_reply.h"
#include "qemu_cmdline_machine.h"

enum { BYTES_PER_KIB = 1024, KIB_PER_MIB = 1024 };

/* True if one of the words is an option with a say in what is proven. */
static bool
may_change_machine(const char *const *words)
{
    static const char *const options[] = {"name", "uuid",    "smbios", "m",      "smp",
                                          "M",    "machine", "set",    "device", "readconfig"};

    for (; *words != NULL; words++) {
        const char *name = *words + strspn(*words, "-");

        for (size_t i = 0; name != *words && i < G_N_ELEMENTS(options); i++)
            if (g_str_equal(name, options[i]))
                return true;
    }
    return false;
}

static bool
is_pc(const xmlNode *domain)
{
    const xmlNode *type = util_xml_child(util_xml_child(domain, "os"), "type");
    g_autofree char *machine = util_xml_attribute(type, "machine");

    return qemu_cmdline_machine_is_pc(machine);
}

/* The id that libvirt gave the balloon; NULL: it has none. The caller frees. */
static char *
make_balloon_id(const xmlNode *devices)
{
    const xmlNode *balloon = util_xml_child(devices, "memballoon");
    g_autofree char *alias = util_xml_attribute(util_xml_child(balloon, "alias"), "name");

    return alias != NULL && qemu_reply_is_plain_name(alias) ? g_steal_pointer(&alias) : NULL;
}

void
qemu_xml_proven_set(const xmlNode *domain, const char *const *extra_args,
                    QemuDefinition *definition)
{
    const xmlNode *devices = util_xml_child(domain, "devices");
    QemuDefinitionProven *proven = &definition->proven;
    uint64_t kib = definition->memory_kib.value;

    if (may_change_machine(extra_args))
        return;
    proven->has_identity =
        definition->name != NULL && definition->uuid != NULL && g_str_is_ascii(definition->name);
    proven->balloon_id = make_balloon_id(devices);
    if (!is_pc(domain))
        return;
    proven->vcpus_max = definition->vcpus_max;
    proven->lacks_memory_devices =
        util_xml_child(domain, "maxMemory") == NULL && util_xml_child(devices, "memory") == NULL;
    if (proven->lacks_memory_devices && definition->memory_kib.is_present &&
        kib % KIB_PER_MIB == 0 && kib <= UINT64_MAX / BYTES_PER_KIB)
        proven->memory_bytes = util_count_of(kib * BYTES_PER_KIB);
}
