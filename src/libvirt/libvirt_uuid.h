/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_uuid: the UUID of a domain, as text.
 */
#pragma once

#include <libvirt/libvirt.h>
#include <stdbool.h>

/* As virDomainGetUUIDString(), which prints it twice with printf(), the first time for a log. False
 * if there is none. */
bool libvirt_uuid_of(virDomainPtr domain, char ret_text[VIR_UUID_STRING_BUFLEN]);
