/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_names: see service_names.h.
 *
 * Beside each name stands the one that was asked for after it the last time: it is compared first,
 * which nearly always spares a search.
 */
#include "service_names.h"

#include <libvirt/libvirt.h>
#include <string.h>

#include "service_limits.h"

typedef struct {
    const char *text;
    uint32_t next; /* the place of the name that followed it */
} Name;

struct ServiceNames {
    GArray *names;      /* Name */
    GHashTable *places; /* text -> place + 1 */
    uint32_t last;      /* the place that was found last */
};

ServiceNames *
service_names_new(void)
{
    ServiceNames *self = g_new0(ServiceNames, 1);

    self->names = g_array_new(FALSE, FALSE, sizeof(Name));
    self->places = g_hash_table_new(g_str_hash, g_str_equal);
    return self;
}

void
service_names_free(ServiceNames *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->names);
    g_hash_table_unref(self->places);
    g_free(self);
}

static Name *
name_at(const ServiceNames *self, uint32_t place)
{
    return place < self->names->len ? &g_array_index(self->names, Name, place) : NULL;
}

static uint32_t
search(ServiceNames *self, const char *name)
{
    gpointer known = g_hash_table_lookup(self->places, name);
    const Name added = {name, 0};

    if (known != NULL)
        return GPOINTER_TO_UINT(known) - 1;
    g_array_append_val(self->names, added);
    g_hash_table_insert(self->places, (gpointer)(uintptr_t)name,
                        GUINT_TO_POINTER(self->names->len));
    return self->names->len - 1;
}

uint32_t
service_names_find(ServiceNames *self, const char *name)
{
    const Name *last = name_at(self, self->last);
    const Name *next = last ? name_at(self, last->next) : NULL;
    uint32_t place = 0;

    if (next != NULL && strcmp(next->text, name) == 0) {
        place = last->next;
    } else {
        uint32_t before = self->last;
        Name *follows = NULL;

        place = search(self, name);
        follows = name_at(self, before);
        if (follows != NULL)
            follows->next = place;
    }
    self->last = place;
    return place;
}

void
service_names_write(const ServiceNames *self, ServiceWireWriter *writer)
{
    service_wire_put_u32(writer, self->names->len);
    for (guint i = 0; i < self->names->len; i++)
        service_wire_put_text(writer, g_array_index(self->names, Name, i).text);
}

static bool
is_printable(ServiceWireText name)
{
    for (uint32_t i = 0; i < name.size; i++)
        if (!g_ascii_isprint(name.at[i]))
            return false;
    return name.size > 0;
}

GArray *
service_names_read(ServiceWireReader *reader)
{
    GArray *names = g_array_new(FALSE, FALSE, sizeof(ServiceWireText));
    uint32_t n = service_wire_take_count(reader, SERVICE_LIMIT_ANSWER_NAMES, 2 * sizeof(uint32_t));

    for (uint32_t i = 0; i < n && reader->fault == NULL; i++) {
        ServiceWireText name = service_wire_take_text(reader, VIR_TYPED_PARAM_FIELD_LENGTH - 1);

        if (!is_printable(name))
            service_wire_fail(reader,
                              "the name of a field is empty, or has signs that no name has");
        g_array_append_val(names, name);
    }
    return names;
}
