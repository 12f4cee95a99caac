/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_definition: asks a libvirt for the definition of one domain: the one it runs with, if it
 * runs. No QEMU is asked.
 */
#pragma once

#include "libvirt_pool.h"

LibvirtPoolRequest *libvirt_definition_ask(LibvirtPool *pool, const char *uuid,
                                           LibvirtPoolInbox *inbox);

/* The XML, without what is secret in it; borrowed until the request is freed. */
const char *libvirt_definition_text(LibvirtPoolRequest *ended);
