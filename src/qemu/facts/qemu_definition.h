/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_definition: how a virtual machine is configured, read from the command line of its QEMU
 * (qemu_cmdline) or from libvirt's XML (qemu_source_libvirt). Plain data; a definition owns its
 * strings and arrays. Once it is shared by reference it does not change.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "qemu_about.h"
#include "util/util_count.h"
#include "util/util_refcount.h"

/* What an interface is connected to decides where the host keeps its counters, and whether they
 * are swapped to be the guest's. */
typedef enum {
    QEMU_DEFINITION_NIC_TAP, /* a tap device: what the host sends the guest receives, so swapped */
    QEMU_DEFINITION_NIC_HOST_VIEW, /* macvtap (libvirt's type direct): as the host has them */
    QEMU_DEFINITION_NIC_NO_DEVICE, /* user, socket, stream, vhost-user, hostdev: the host has no
                                      device, hence no counters */
} QemuDefinitionNicKind;

/* An interface of the guest and its back end; or, in @loose_taps, a tap back end alone. */
typedef struct {
    char *id;         /* the device's id, or libvirt's alias; NULL: it has none */
    bool is_on_board; /* the machine makes it ("-nic", "-net nic", a default), not "-device" */
    QemuDefinitionNicKind kind;
    char *ifname; /* as configured; the device may have been renamed since; NULL unknown */
    GArray *fds;  /* int: QEMU's descriptors of the tap ("fd=", "fds="); NULL unknown */
    QemuAboutNic about;
} QemuDefinitionNic;

/* Whether the machine has interfaces that no "-device" made. */
typedef enum {
    QEMU_DEFINITION_BOARD_UNKNOWN, /* the machine type is not one whose board qemu_cmdline_nic
                                      knows, or a part of the command line could not be read */
    QEMU_DEFINITION_BOARD_EMPTY,   /* it has none */
    QEMU_DEFINITION_BOARD_ASK,     /* it may have some: they are children of /machine/unattached */
} QemuDefinitionBoard;

/* The external data file of a qcow2 image, as libvirt's XML describes it (<dataStore>). */
typedef struct {
    bool is_there; /* false: the image has none, or libvirt does not tell; all else is absent */
    char *path;    /* NULL: not local */
    char *format;
    unsigned int index; /* libvirt's number of it; 0: none given */
} QemuDefinitionDataFile;

/* A disk as libvirt's XML describes it; a command line fills none. */
typedef struct {
    char *target; /* vda */
    char *alias;  /* virtio-disk0: the qdev id, also inside a QOM path */
    char *path;   /* local source; NULL: not local, or no medium */
    char *format; /* of the top image: raw, qcow2, ... */
    bool is_vhost_user;
    bool is_encrypted;  /* libvirt knows a secret for its top image */
    GArray *indexes;    /* unsigned int: backing index of each layer, top first; NULL: none given */
    GPtrArray *paths;   /* char *: local path of each layer, top first, "" where it has none */
    GPtrArray *formats; /* char *: format of each layer, likewise */
    GArray *data_files; /* QemuDefinitionDataFile of each layer, likewise */
    char *mirror_path;  /* target of a running copy job; NULL: no such job, or not local */
    unsigned int mirror_index; /* backing index of that target; 0: none given */
    QemuAboutDisk about;
} QemuDefinitionDisk;

/* A disk as a command line describes it. */
typedef struct {
    char *id;    /* of its "-device"; NULL: it has none */
    char *drive; /* id of its "-drive", or name of its "-blockdev"; NULL: none */
    QemuAboutDisk about;
} QemuDefinitionDrive;

/* What a resctrl monitor measures. */
typedef enum {
    QEMU_DEFINITION_CACHE,
    QEMU_DEFINITION_BANDWIDTH,
    QEMU_DEFINITION_ENERGY
} QemuDefinitionResctrlKind;

/* A resctrl monitor as libvirt's XML describes it. */
typedef struct {
    QemuDefinitionResctrlKind kind;
    char *name;
    char *vcpus;  /* "0-3,5" */
    char *folder; /* below the resctrl root */
} QemuDefinitionResctrl;

/* Where a definition comes from. libvirt's XML describes the machine as it is now, plugged devices
 * included. A command line describes the machine at its start, as far as qemu_cmdline understands
 * it. */
typedef enum { QEMU_DEFINITION_OF_CMDLINE, QEMU_DEFINITION_OF_LIBVIRT } QemuDefinitionOrigin;

/* What a definition proves of its QEMU, which need not be asked for it then. */
typedef struct {
    bool has_identity;         /* @name and @uuid of the definition are those that QEMU tells */
    bool lacks_memory_devices; /* there are none, and none can be plugged */
    UtilCount vcpus_max;       /* how many vCPUs query-hotpluggable-cpus lists */
    UtilCount memory_bytes;    /* without memory devices */
    char *balloon_id;          /* of the balloon device that QEMU began with; NULL: not known */
} QemuDefinitionProven;

typedef struct {
    QemuDefinitionOrigin origin;
    char *name;
    char *uuid;             /* canonical text; NULL unknown */
    char *libvirt_key_path; /* the file of libvirt's key, by a command line; NULL: it names none */
    GArray *nics;           /* QemuDefinitionNic, in order */
    GArray *loose_taps;     /* QemuDefinitionNic: taps that no single interface is connected to */
    QemuDefinitionBoard board; /* of a command line; in libvirt's XML @nics are all interfaces */
    bool has_one_monitor;      /* only the client of that monitor can plug and unplug devices */
    bool has_odd_nic;          /* @nics is not reliable: a device of a model that qemu_nic_model
                                  lacks has a "netdev", or there are more than QEMU_LIMIT_NICS */
    GArray *disks;             /* QemuDefinitionDisk; NULL for a command line */
    GArray *drives;            /* QemuDefinitionDrive, of a command line; NULL: none is known */
    QemuAbout about;
    bool is_q35;     /* by its command line: what QEMU calls IDE is on a controller of SATA */
    GArray *resctrl; /* QemuDefinitionResctrl; NULL none */
    GPtrArray *perf_events;       /* char *, NULL-terminated; NULL none */
    UtilCount memory_kib;         /* maximum, memory devices included */
    UtilCount memory_current_kib; /* libvirt's currentMemory */
    UtilCount vcpus_current, vcpus_max;
    QemuDefinitionProven proven;
    bool has_balloon; /* false only if libvirt's XML says "model none" */
    bool is_kvm;      /* true only if it is certain that KVM runs it, and not TCG */
    int is_doubted;   /* atomic; the only member that changes while it is shared */
    UtilRefcount ref_count;
} QemuDefinition;

/* An empty definition of a command line, which has no list of disks; and one of libvirt, which has
 * an empty one. The caller owns it. */
QemuDefinition *qemu_definition_new(void);
QemuDefinition *qemu_definition_new_of_libvirt(void);
/* Adds an owner. From then on the definition must not change. */
QemuDefinition *qemu_definition_ref(QemuDefinition *self);
/* Drops an owner; the last one frees the definition. NULL is taken. */
void qemu_definition_free(QemuDefinition *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuDefinition, qemu_definition_free)

/* Notes that the machine has been seen to be made of something else by now, or takes that back. */
void qemu_definition_doubt(QemuDefinition *self);
void qemu_definition_trust(QemuDefinition *self);
bool qemu_definition_is_doubted(QemuDefinition *self);

/* What was read may not be what QEMU read: takes back all that is proven, and that it has one
 * monitor.
 */
void qemu_definition_prove_nothing(QemuDefinition *self);

/* True if @nics are all interfaces that the machine has now: those of libvirt's XML. */
bool qemu_definition_tells_nics(const QemuDefinition *self);
/* True if the interfaces can only be counted with qom-list of QEMU's plugged devices; and, of
 * those definitions, if the board's own devices must be listed too. */
bool qemu_definition_needs_devices(const QemuDefinition *self);
bool qemu_definition_needs_board(const QemuDefinition *self);

/* Append an empty element and give it, borrowed until the next append. Only a definition of
 * libvirt can take a disk. */
QemuDefinitionNic *qemu_definition_add_nic(QemuDefinition *self);
QemuDefinitionNic *qemu_definition_add_loose_tap(QemuDefinition *self);
QemuDefinitionDisk *qemu_definition_add_disk(QemuDefinition *self);
QemuDefinitionDataFile *qemu_definition_add_data_file(QemuDefinitionDisk *disk);
QemuDefinitionDrive *qemu_definition_add_drive(QemuDefinition *self);
QemuDefinitionResctrl *qemu_definition_add_resctrl(QemuDefinition *self);
