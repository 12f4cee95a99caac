/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_caps: see monitor_caps.h.
 */
#include "monitor_caps.h"

#include <string.h>

#include "util/util_xml.h"

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
    char *model = util_xml_content(util_xml_child(node, "model"));
    g_autofree char *label = util_xml_content(util_xml_child(node, "baselabel"));

    if (model == NULL)
        return;
    g_ptr_array_add(self->models, model);
    if (strcmp(model, "dac") == 0)
        self->has_owner = monitor_caps_parse_owner(label, &self->uid, &self->gid);
}

MonitorCaps *
monitor_caps_parse(const char *text)
{
    g_autoptr(UtilXmlDocument) document = util_xml_parse(text, strlen(text));
    const xmlNode *root = util_xml_root(document);
    const xmlNode *node = util_xml_child(util_xml_child(root, "host"), "secmodel");
    MonitorCaps *self = g_new0(MonitorCaps, 1);

    self->models = g_ptr_array_new_with_free_func(g_free);
    for (; node != NULL; node = util_xml_next(node, "secmodel"))
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
    g_autoptr(UtilXmlDocument) document = util_xml_parse(text, strlen(text));

    return util_xml_content(util_xml_child(util_xml_root(document), "path"));
}
