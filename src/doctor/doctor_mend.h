/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_mend: fills in the command that mends a finding. Pure.
 *
 * The result can be pasted into a shell: words that come from outside (names, units) are in it only
 * if they are made of plain characters, and quoted where that is needed.
 */
#pragma once

#include "doctor_facts.h"

/* Expands @mend for @domains (DoctorFactsDomain *; NULL for a finding of the host):
 *   %d  the domains, by name if that is plain and no other's among @all, else by UUID
 *   %p  their processes
 *   %s  the units of systemd that these are in
 *   %c  the URI of their libvirt: @uri, if it is not NULL; that it is a user's is said at the end
 *   %u  the service of the system's libvirt
 *   %g  our group
 *   %a  the file for rules of AppArmor
 * The caller frees. */
char *doctor_mend_make(const char *mend, const DoctorFactsHost *host, const GPtrArray *domains,
                       const GPtrArray *all, const char *uri);
