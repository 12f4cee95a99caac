/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_about: texts that say what a machine, a disk and an interface are made of. Plain data; each
 * struct owns its texts, and NULL is "not known".
 *
 * Texts are libvirt's words where libvirt has one ("virtio", "cdrom", "none").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/util_count.h"

typedef enum {
    QEMU_ABOUT_TYPE, /* kvm, qemu */
    QEMU_ABOUT_OS,
    QEMU_ABOUT_ARCH,
    QEMU_ABOUT_MACHINE,
    QEMU_ABOUT_EMULATOR,
    QEMU_ABOUT_TITLE,
    QEMU_ABOUT_NOVA_NAME, /* what OpenStack Nova writes into libvirt's definition */
    QEMU_ABOUT_NOVA_FLAVOR,
    QEMU_ABOUT_NOVA_USER_NAME,
    QEMU_ABOUT_NOVA_USER_ID,
    QEMU_ABOUT_NOVA_PROJECT_NAME,
    QEMU_ABOUT_NOVA_PROJECT_ID,
    QEMU_ABOUT_NOVA_ROOT_TYPE,
    QEMU_ABOUT_NOVA_ROOT_ID,
    QEMU_ABOUT_N_TEXTS
} QemuAboutText;

/* The names of these texts in their fields: "type", "nova.user-name", ... */
extern const char *const qemu_about_names[QEMU_ABOUT_N_TEXTS];

/* A machine. */
typedef struct {
    char *texts[QEMU_ABOUT_N_TEXTS];
} QemuAbout;

typedef enum {
    QEMU_ABOUT_DISK_DEVICE, /* disk, cdrom, floppy, lun */
    QEMU_ABOUT_DISK_BUS,
    QEMU_ABOUT_DISK_TYPE, /* file, block, network, ... */
    QEMU_ABOUT_DISK_FORMAT,
    QEMU_ABOUT_DISK_PROTOCOL,
    QEMU_ABOUT_DISK_SOURCE, /* name of an image that is not local */
    QEMU_ABOUT_DISK_CACHE,
    QEMU_ABOUT_DISK_DISCARD,
    QEMU_ABOUT_DISK_SERIAL,
    QEMU_ABOUT_DISK_N_TEXTS
} QemuAboutDiskText;

typedef struct {
    char *texts[QEMU_ABOUT_DISK_N_TEXTS];
} QemuAboutDisk;

typedef enum {
    QEMU_ABOUT_NIC_TYPE,
    QEMU_ABOUT_NIC_BRIDGE,
    QEMU_ABOUT_NIC_NETWORK,
    QEMU_ABOUT_NIC_SOURCE, /* device of the host, or path of a socket */
    QEMU_ABOUT_NIC_MAC,
    QEMU_ABOUT_NIC_MODEL,
    QEMU_ABOUT_NIC_INTERFACE_ID, /* by which Open vSwitch knows it */
    QEMU_ABOUT_NIC_N_TEXTS
} QemuAboutNicText;

typedef struct {
    char *texts[QEMU_ABOUT_NIC_N_TEXTS];
    UtilCount mtu;
} QemuAboutNic;

/* Frees @n texts and sets each to NULL. */
void qemu_about_clear(char **texts, size_t n);

/* What the name tells that QEMU makes for a "-drive" without an id: "ide1-cd0" is a CD-ROM of IDE.
 * False, with nothing set, if it is no such name. */
bool qemu_about_read_drive_name(const char *name, const char **ret_bus, const char **ret_device);

/* Sets @text to a copy of @value, made valid UTF-8; to NULL if @value is NULL, empty, or longer
 * than QEMU_LIMIT_ABOUT_BYTES. */
void qemu_about_set(char **text, const char *value);
/* Sets @text to the address @value, in lower case and with colons; to NULL if it is none. */
void qemu_about_set_mac(char **text, const char *value);
/* As qemu_about_set(); frees @take_value. */
void qemu_about_take(char **text, char *take_value);
