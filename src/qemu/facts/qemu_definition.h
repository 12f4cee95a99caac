/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_definition: how a virtual machine was made, as far as someone told: the command line
 * of its QEMU (qemu_cmdline) or libvirt's XML (qemu_source_libvirt). Plain data, owned.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/util_count.h"
#include "util/util_refcount.h"

/* The kinds that matter for statistics: where the host keeps the counters, and whose view. */
typedef enum {
    QEMU_DEFINITION_NIC_TAP, /* tap of QEMU's or of a bridge or network: counters are swapped */
    QEMU_DEFINITION_NIC_HOST_VIEW, /* macvtap, libvirt's type direct: counters as they are */
    QEMU_DEFINITION_NIC_NO_DEVICE  /* user, socket, stream, vhost-user, hostdev: nothing on the host
                                    */
} QemuDefinitionNicKind;

/* An interface of the guest and what it is connected to; or such a back end alone. */
typedef struct {
    char *id;         /* the device's id, or libvirt's alias; NULL: it has none */
    bool is_on_board; /* the machine makes it ("-nic", "-net nic", a default), not "-device" */
    QemuDefinitionNicKind kind;
    char *ifname; /* as told: it may have another name by now; NULL unknown */
    GArray *fds;  /* int: QEMU's descriptors of it ("fd=", "fds="); NULL unknown */
} QemuDefinitionNic;

/* Whether the machine has interfaces beside those of "-device". */
typedef enum {
    QEMU_DEFINITION_BOARD_UNKNOWN, /* nobody told, or it may have some where none are looked for */
    QEMU_DEFINITION_BOARD_EMPTY,
    QEMU_DEFINITION_BOARD_ASK, /* it may: they are children of /machine/unattached */
} QemuDefinitionBoard;

/* A disk as libvirt names it. Only libvirt's XML fills these. */
typedef struct {
    char *target; /* vda */
    char *alias;  /* virtio-disk0: the qdev id, also inside a QOM path */
    char *path;   /* local source; NULL */
    char *format; /* of the top image: raw, qcow2, ... */
    bool is_vhost_user;
    bool is_encrypted;  /* libvirt knows a secret for its top image */
    GArray *indexes;    /* unsigned int: backing index of each layer, top first; NULL: none given */
    GPtrArray *paths;   /* char *: local path of each layer, top first, "" where it has none */
    GPtrArray *formats; /* char *: likewise of each its format */
    char *mirror_path;  /* target of a running copy job; NULL */
    unsigned int mirror_index;
} QemuDefinitionDisk;

/* A resctrl monitor as libvirt's XML has it. */
typedef enum {
    QEMU_DEFINITION_CACHE,
    QEMU_DEFINITION_BANDWIDTH,
    QEMU_DEFINITION_ENERGY
} QemuDefinitionResctrlKind;

typedef struct {
    QemuDefinitionResctrlKind kind;
    char *id;     /* monitor id: its name and, below the allocation's group, its folder */
    char *vcpus;  /* "0-3,5" */
    char *folder; /* below the resctrl root */
} QemuDefinitionResctrl;

/* Who told. libvirt tells all of a machine, also what was plugged later; a command line tells what
 * the machine began with, as far as it is understood. */
typedef enum { QEMU_DEFINITION_OF_CMDLINE, QEMU_DEFINITION_OF_LIBVIRT } QemuDefinitionOrigin;

typedef struct {
    QemuDefinitionOrigin origin;
    char *name;
    char *uuid;                /* canonical text; NULL unknown */
    GArray *nics;              /* QemuDefinitionNic, in order */
    GArray *loose_taps;        /* QemuDefinitionNic: taps that are connected to no one interface */
    QemuDefinitionBoard board; /* of the words; libvirt tells all interfaces */
    bool has_one_monitor;      /* whoever has that one is the only one who can plug a device */
    bool has_odd_nic;          /* a device that nobody here knows has a network back end */
    GArray *disks;             /* QemuDefinitionDisk; NULL: not told, only libvirt does */
    GArray *resctrl;           /* QemuDefinitionResctrl; NULL none */
    GPtrArray *perf_events;    /* char *, NULL-terminated; NULL none */
    UtilCount memory_kib;      /* maximum, memory devices included */
    UtilCount memory_current_kib; /* libvirt's currentMemory */
    UtilCount vcpus_current, vcpus_max;
    bool has_balloon; /* false only if told so: model none */
    bool is_kvm;      /* true only if told so: KVM alone may run it */
    UtilRefcount ref_count;
} QemuDefinition;

/* One of a command line, or of libvirt, in which the disks are told, if only that there are none.
 */
QemuDefinition *qemu_definition_new(void);
QemuDefinition *qemu_definition_new_of_libvirt(void);
/* One more owner: from then on it must not change. */
QemuDefinition *qemu_definition_ref(QemuDefinition *self);
/* One owner less; the last frees it. NULL is taken. */
void qemu_definition_free(QemuDefinition *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuDefinition, qemu_definition_free)

/* True if the interfaces are libvirt's word, which is true for as long as it is libvirt's. */
bool qemu_definition_tells_nics(const QemuDefinition *self);
/* True if the number of interfaces needs a look at QEMU's devices; and at its board's. */
bool qemu_definition_needs_devices(const QemuDefinition *self);
bool qemu_definition_needs_board(const QemuDefinition *self);

/* Append an empty element and give it, a disk only to a definition of libvirt; borrowed until the
 * next append. */
QemuDefinitionNic *qemu_definition_add_nic(QemuDefinition *self);
QemuDefinitionNic *qemu_definition_add_loose_tap(QemuDefinition *self);
QemuDefinitionDisk *qemu_definition_add_disk(QemuDefinition *self);
QemuDefinitionResctrl *qemu_definition_add_resctrl(QemuDefinition *self);
