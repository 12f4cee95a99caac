/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_named: finds the domains that the words of a call name.
 *
 * A word is looked up as virsh does: as an id, else as a UUID, else as a name, else as the name
 * that the source has for the domain, else as the address of its monitor: a path, "@name" or
 * "tcp:HOST:PORT". The first of these that any domain has decides, and the word names every domain
 * that has it: both of two domains of one name, but not a domain whose name is another domain's id.
 */
#pragma once

#include "plan/qemu_job.h"

typedef struct QemuNamed QemuNamed;

/* Looks the NULL-terminated @words up among the QemuDomain pointers in @domains. Copies the words,
 * and references the domains that they name. */
QemuNamed *qemu_named_find(const char *const *words, const GPtrArray *domains);
void qemu_named_free(QemuNamed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuNamed, qemu_named_free)

/* True if each word names at least one domain. */
bool qemu_named_has_all(const QemuNamed *self);

/* The domains that are named, each once, in the order of the words. Borrowed. */
const GPtrArray *qemu_named_domains(const QemuNamed *self);

/* Gives copies of the records of @jobs in the order of the words: for each word all that it names,
 * also if an earlier word named them too. A word that names no domain gives a record that says so.
 * Domains without a job or a record are left out. NULL with the refusal of a job that has one. */
GPtrArray *qemu_named_collect(const QemuNamed *self, const GPtrArray *jobs, GError **error);
