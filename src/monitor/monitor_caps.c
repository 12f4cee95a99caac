/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_caps: see monitor_caps.h.
 */
#include "monitor_caps.h"

#include <string.h>

#include "monitor_node.h"

bool
monitor_caps_parse_owner(const char *label, uid_t *ret_uid, gid_t *ret_gid)
{
    g_auto(GStrv) parts = g_strsplit(label ? label : "", ":", -1);
    guint64 ids[2] = {0};

    if (g_strv_length(parts) != 2)
        return false;
    for (size_t i = 0; i < 2; i++) {
        const char *number = parts[i] + (parts[i][0] == '+' ? 1 : 0);

        if (!g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT32, &ids[i], NULL))
            return false;
    }
    *ret_uid = (uid_t)ids[0];
    *ret_gid = (gid_t)ids[1];
    return true;
}

/* The label is the same for every type of machine. */
static void
parse_model(MonitorCaps *self, const xmlNode *node)
{
    char *model = monitor_node_content(monitor_node_child(node, "model"));
    g_autofree char *label = monitor_node_content(monitor_node_child(node, "baselabel"));

    if (model == NULL)
        return;
    g_ptr_array_add(self->models, model);
    if (strcmp(model, "dac") == 0)
        self->has_owner = monitor_caps_parse_owner(label, &self->uid, &self->gid);
}

MonitorCaps *
monitor_caps_parse(const char *text)
{
    g_autoptr(MonitorNodeDocument) document = monitor_node_parse(text, strlen(text));
    const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
    const xmlNode *node = monitor_node_child(monitor_node_child(root, "host"), "secmodel");
    MonitorCaps *self = g_new0(MonitorCaps, 1);

    self->models = g_ptr_array_new_with_free_func(g_free);
    for (; node != NULL; node = monitor_node_next(node, "secmodel"))
        parse_model(self, node);
    return self;
}

void
monitor_caps_free(MonitorCaps *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->models);
    g_free(self);
}

bool
monitor_caps_has_model(const MonitorCaps *self, const char *model)
{
    return g_ptr_array_find_with_equal_func(self->models, model, g_str_equal, NULL);
}

char *
monitor_caps_parse_emulator(const char *text)
{
    g_autoptr(MonitorNodeDocument) document = monitor_node_parse(text, strlen(text));

    return monitor_node_content(
        monitor_node_child(document ? xmlDocGetRootElement(document) : NULL, "path"));
}
