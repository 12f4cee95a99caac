/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_fields: the values of one record by their names.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "domstats/domstats.h"

typedef struct {
    const DomstatsRecord *record;
    GHashTable *params; /* name -> virTypedParameter, which the record owns */
} DaemonLibvirtFields;

void daemon_libvirt_fields_init(DaemonLibvirtFields *self, const DomstatsRecord *record);
void daemon_libvirt_fields_clear(DaemonLibvirtFields *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DaemonLibvirtFields, daemon_libvirt_fields_clear)

/* A number, whatever its type is; false: it is absent, or no whole number of zero or more. The name
 * is a format, as in all of these. */
bool daemon_libvirt_fields_get(const DaemonLibvirtFields *self, uint64_t *ret_value,
                               const char *name, ...) G_GNUC_PRINTF(3, 4);

/* The same with @absent for what is absent. */
uint64_t daemon_libvirt_fields_number(const DaemonLibvirtFields *self, uint64_t absent,
                                      const char *name, ...) G_GNUC_PRINTF(3, 4);

/* A string that the record owns; NULL: absent. */
const char *daemon_libvirt_fields_text(const DaemonLibvirtFields *self, const char *name, ...)
    G_GNUC_PRINTF(2, 3);

bool daemon_libvirt_fields_has(const DaemonLibvirtFields *self, const char *name, ...)
    G_GNUC_PRINTF(2, 3);

/* How many of "block.<n>..." there are, say: one more than the highest number behind @word that a
 * name begins with. Also "about.block.<n>...". */
unsigned int daemon_libvirt_fields_count(const DaemonLibvirtFields *self, const char *word);

/* Run state and its reason, as libvirt's RPC shows them: of a record that does not tell, "running"
 * with the reason "unknown" if its process is there, else "shut off" with that reason. */
void daemon_libvirt_fields_state(const DomstatsRecord *record, int *ret_state, int *ret_reason);

/* Whether @record is a domain: not of a word that nothing has, nor of a process that has ended. */
bool daemon_libvirt_fields_is_domain(const DomstatsRecord *record);
