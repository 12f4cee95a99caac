/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_xml: any bytes are a definition or an error, none crash, and a definition keeps the
 * limits and what the emitters rest on: layers, formats and indexes of a disk are as many.
 */
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/words/qemu_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_disk(const QemuDefinitionDisk *disk)
{
    if (disk->paths == NULL)
        return;
    if (disk->paths->len == 0 || disk->paths->len > QEMU_LIMIT_CHAIN_LAYERS ||
        disk->formats->len != disk->paths->len || disk->indexes->len != disk->paths->len ||
        disk->data_files->len != disk->paths->len)
        abort();
}

static void
check_texts(char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (texts[i] != NULL && (texts[i][0] == '\0' || !g_utf8_validate(texts[i], -1, NULL)))
            abort();
}

static void
check(const QemuXml *xml)
{
    const QemuDefinition *definition = xml->definition;

    if (definition->disks == NULL || definition->disks->len > QEMU_LIMIT_DISKS ||
        definition->nics->len > QEMU_LIMIT_NICS || xml->extra_args == NULL)
        abort();
    check_texts(definition->about.texts, QEMU_ABOUT_N_TEXTS);
    for (guint i = 0; i < definition->disks->len; i++) {
        const QemuDefinitionDisk *disk = &g_array_index(definition->disks, QemuDefinitionDisk, i);

        check_disk(disk);
        check_texts(disk->about.texts, QEMU_ABOUT_DISK_N_TEXTS);
    }
    for (guint i = 0; i < definition->nics->len; i++)
        check_texts(g_array_index(definition->nics, QemuDefinitionNic, i).about.texts,
                    QEMU_ABOUT_NIC_N_TEXTS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    /* A copy of just that size, so that a read past its end is seen. */
    g_autofree char *text = g_memdup2(data, size);
    g_autoptr(QemuXml) xml = qemu_xml_parse(text, size, &error);

    if ((xml == NULL) != (error != NULL))
        abort();
    if (xml == NULL)
        return 0;
    check(xml);
    return 0;
}
