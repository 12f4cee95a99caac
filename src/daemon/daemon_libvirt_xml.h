/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_xml: the definition of a domain and the capabilities of the host as libvirt's XML,
 * made of what a record tells. What is not known is not there.
 *
 * No secret is in it: of disks that are not local, only what "about" says of their source.
 */
#pragma once

#include "daemon_libvirt_fields.h"
#include "daemon_libvirt_node.h"

/* To be freed with g_free(). */
char *daemon_libvirt_xml_make_domain(const DaemonLibvirtFields *fields);
char *daemon_libvirt_xml_make_capabilities(const char *machine, const DaemonLibvirtNode *node);

/* What stands as the source of disk @index: a path, or the name at a server; NULL: neither is
 * known, or may be shown. */
const char *daemon_libvirt_xml_disk_source(const DaemonLibvirtFields *fields, unsigned int index);
