/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fields-doc: writes docs/fields.md, which is the code's own table of fields as a page:
 *
 *     tools/fields-doc > docs/fields.md
 *
 * The test qemu_field fails when the page and the table differ.
 */
#include <glib.h>
#include <stdio.h>

#include "qemu/plan/qemu_group.h"

static const char introduction[] =
    "# Fields\n"
    "\n"
    "Every field that a record can have, by group and in the order in which they come.\n"
    "Names, types, units and order are libvirt's; those that begin with `ext.` are ours and\n"
    "come only when they are asked for (`DOMSTATS_CALL_EXT`; for `ext.balloon.pss` and\n"
    "`ext.balloon.swap` it is `DOMSTATS_CALL_PSS`), and so are those that begin with `about.`,\n"
    "which say what a domain is made of (`DOMSTATS_CALL_ABOUT`). A field that is absent is not\n"
    "in the record at all: nothing stands for \"not known\".\n"
    "\n"
    "In a name, `<n>` is a number that counts from 0, except that the one of a vCPU is its id\n"
    "and the one of an IOThread is the N of its id `iothreadN` or its thread id; the numbers\n"
    "of interfaces without a host device are left out. `<stat>` is the kernel's name of a\n"
    "statistic.\n"
    "\n"
    "This page is made from the table in the code by `tools/fields-doc`.\n";

static const char *
type_name(int type)
{
    static const char *const names[] = {
        [VIR_TYPED_PARAM_INT] = "int",       [VIR_TYPED_PARAM_UINT] = "uint",
        [VIR_TYPED_PARAM_LLONG] = "llong",   [VIR_TYPED_PARAM_ULLONG] = "ullong",
        [VIR_TYPED_PARAM_DOUBLE] = "double", [VIR_TYPED_PARAM_BOOLEAN] = "boolean",
        [VIR_TYPED_PARAM_STRING] = "string",
    };

    return names[type];
}

static void
write_group(const QemuGroup *group)
{
    printf("\n## %s\n\n", group->name);
    printf("| name | type | unit | meaning | source | absent when |\n");
    printf("| --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < QEMU_N_FIELDS; i++) {
        const QemuField *field = &qemu_fields[i];

        if (field->group == group->bit)
            printf("| `%s` | %s | %s | %s | %s | %s |\n", field->pattern, type_name(field->type),
                   field->unit, field->meaning, field->source, field->absent);
    }
}

int
main(void)
{
    fputs(introduction, stdout);
    for (size_t i = 0; i < qemu_n_groups; i++)
        write_group(&qemu_groups[i]);
    return ferror(stdout) != 0 || fflush(stdout) != 0;
}
