/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_uri: what a URI of libvirt tells of where its domains run. Pure.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "qemu_libvirt_signs.h"

typedef struct {
    bool is_elsewhere;         /* on another host, or that cannot be told: no process of this host
                                  is taken for a domain of it */
    QemuLibvirtSignsKind kind; /* of a libvirt of this host */
    char *socket_path; /* of the socket that the URI names: its listener shows whether the libvirt
                          is of this host; NULL: the usual one; owned */
} QemuSourceLibvirtUri;

void qemu_source_libvirt_uri_parse(const char *text, QemuSourceLibvirtUri *ret_uri);
void qemu_source_libvirt_uri_clear(QemuSourceLibvirtUri *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuSourceLibvirtUri, qemu_source_libvirt_uri_clear)
