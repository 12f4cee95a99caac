/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_value: one typed parameter's value, in text and in JSON.
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/* As virsh writes it: integers in decimal, "%f", yes or no, strings as they are (escaped). */
void cli_value_append_text(GString *out, const virTypedParameter *param);

/* Integers exact to 64 bits, doubles with all their digits (null if not finite), true or
 * false, strings. */
void cli_value_append_json(GString *out, const virTypedParameter *param);
