/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_value: prints the value of one typed parameter, as text and as JSON.
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/* As virsh prints it: integers in decimal, doubles with "%f", booleans as yes or no; strings are
 * escaped. */
void cli_value_append_text(GString *out, const virTypedParameter *param);

/* Integers exactly, doubles with all their digits (null if not finite), true or false, strings. */
void cli_value_append_json(GString *out, const virTypedParameter *param);
