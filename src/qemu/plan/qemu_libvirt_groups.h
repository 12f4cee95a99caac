/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_libvirt_groups: which groups of statistics an answer of libvirt's holds whole. Pure.
 */
#pragma once

#include <libvirt/libvirt.h>
#include <stdbool.h>

#include "qemu/facts/qemu_definition.h"

/* What earlier answers about the same run of a domain have shown of the parts that libvirt asks
 * QEMU for. All zero: nothing. */
typedef struct {
    unsigned int seen; /* groups of which an answer had that part */
    unsigned int none; /* groups of which a whole answer had no such part */
} QemuLibvirtGroupsHistory;

typedef struct {
    const virTypedParameter *params;
    int n_params;
    unsigned int wanted;              /* groups that the call wants, of those that were asked for */
    const QemuDefinition *definition; /* NULL unknown */
    bool is_active;
    bool is_of_other_driver; /* not of libvirt's driver of QEMU: it leaves out nothing */
} QemuLibvirtGroupsAnswer;

typedef struct {
    unsigned int left_out; /* wanted groups that lack what libvirt asks QEMU for, since libvirt
                              could not take a job of the domain: another request may get them */
    unsigned int absent; /* other wanted groups of which this libvirt has nothing, and which are not
                            whole when they are empty */
    bool had_job;        /* QEMU has answered libvirt for this answer */
} QemuLibvirtGroupsLack;

/* Notes in @history what the answer shows. */
QemuLibvirtGroupsLack qemu_libvirt_groups_read(const QemuLibvirtGroupsAnswer *answer,
                                               QemuLibvirtGroupsHistory *history);

/* A group to be asked for beside @asked, so that QEMU must answer for an answer to come; 0: QEMU is
 * asked for @asked already. With it a QEMU that answers nothing is not taken for one that is well.
 */
unsigned int qemu_libvirt_groups_pulse(unsigned int asked);
/* A group of which every answer that libvirt had a job for has a part, if the domain runs. */
unsigned int qemu_libvirt_groups_probe(void);

/* The group that a parameter belongs to, by its name; 0: none that is known. */
unsigned int qemu_libvirt_groups_of(const char *name);
