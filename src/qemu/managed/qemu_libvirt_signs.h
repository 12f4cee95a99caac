/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_libvirt_signs: what a QEMU tells of the libvirt that started it: the folder in which that
 * libvirt keeps its running domains, the domain's id there, and its name. Pure.
 *
 * The words of a process prove nothing, as each process can show any.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"

/* Which libvirt it is, by the folder. */
typedef enum {
    QEMU_LIBVIRT_SIGNS_SYSTEM,  /* of the host, or of a container: ".../libvirt/qemu" */
    QEMU_LIBVIRT_SIGNS_SESSION, /* of a user: ".../libvirt/qemu/lib" */
    QEMU_LIBVIRT_SIGNS_OTHER,   /* another: the embedded driver, for example */
} QemuLibvirtSignsKind;

/* All zero: no sign. */
typedef struct {
    char *folder;     /* "/var/lib/libvirt/qemu"; owned */
    char *short_name; /* the domain's name, cut by libvirt; owned */
    int id;           /* of that run; libvirts older than 1.3.3 do not tell it: -1 */
} QemuLibvirtSigns;

void qemu_libvirt_signs_clear(QemuLibvirtSigns *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuLibvirtSigns, qemu_libvirt_signs_clear)

/* Reads the path of a file in the folder of one run: "FOLDER/domain-ID-NAME/monitor.sock". False if
 * it is no such path. */
bool qemu_libvirt_signs_parse(const char *path, QemuLibvirtSigns *ret_signs);

/* The signs of a process: by the socket of libvirt's monitor, else by its words. False if it has
 * none. */
bool qemu_libvirt_signs_read(const QemuEndpoint *endpoint, QemuLibvirtSigns *ret_signs);

QemuLibvirtSignsKind qemu_libvirt_signs_kind(const QemuLibvirtSigns *self);

/* True if they may be those of the domain @name, as its libvirt spells it, in the run @id. */
bool qemu_libvirt_signs_fit(const QemuLibvirtSigns *self, const char *name, int id);
