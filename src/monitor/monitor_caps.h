/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_caps: what libvirt says of its host: the security models, and whose QEMUs it starts.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct {
    GPtrArray *models; /* char *, as "apparmor" */
    bool has_owner;    /* @uid and @gid are known: the user and group of its QEMUs */
    uid_t uid;
    gid_t gid;
} MonitorCaps;

/* Reads the capabilities of a connection. What cannot be read is left out. The caller frees. */
MonitorCaps *monitor_caps_parse(const char *text);
void monitor_caps_free(MonitorCaps *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MonitorCaps, monitor_caps_free)

bool monitor_caps_has_model(const MonitorCaps *self, const char *model);

/* Reads "+64055:+107", the label of libvirt's model "dac". False for any other text, names of users
 * too. */
bool monitor_caps_parse_owner(const char *label, uid_t *ret_uid, gid_t *ret_gid);

/* The emulator that capabilities of domains (@text) are about; NULL: they do not say. The caller
 * frees. */
char *monitor_caps_parse_emulator(const char *text);
