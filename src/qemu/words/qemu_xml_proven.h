/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_xml_proven: libvirt's XML of a domain that runs -> what it proves of its QEMU, which libvirt
 * started by it. Pure.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"
#include "util/util_xml.h"

/* Sets what is proven in @definition, which was read from @domain. @extra_args: words that the XML
 * adds to the command line, ended by NULL; where they may change the machine, nothing is proven. */
void qemu_xml_proven_set(const xmlNode *domain, const char *const *extra_args,
                         QemuDefinition *definition);
