/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_xml_about: elements of libvirt's domain XML -> what a domain, a disk and an interface are
 * made of. Pure; for qemu_xml.
 */
#pragma once

#include "qemu/facts/qemu_about.h"
#include "util/util_xml.h"

void qemu_xml_about_domain(const xmlNode *domain, QemuAbout *about);
void qemu_xml_about_disk(const xmlNode *disk, QemuAboutDisk *about);
void qemu_xml_about_nic(const xmlNode *interface, QemuAboutNic *about);
