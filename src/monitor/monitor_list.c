/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_list: see monitor_list.h.
 */
#include "monitor_list.h"

#include <string.h>

#include "monitor_listening.h"
#include "monitor_place.h"
#include "monitor_words.h"

enum { N_COLUMNS = 4, GAP = 2 };

struct MonitorList {
    const MonitorConnection *connection;
    MonitorListening *listening; /* NULL: the host is another one */
    char *folder;                /* of libvirt; NULL: not known */
    GPtrArray *rows;             /* char *[N_COLUMNS + 1]: domain, where, listens, socket */
};

static void
free_row(gpointer row)
{
    g_strfreev(row);
}

static void
add_row(MonitorList *self, const char *domain, const char *where, const char *listens,
        const char *socket)
{
    g_autoptr(GStrvBuilder) row = g_strv_builder_new();

    g_strv_builder_add_many(row, domain, where, listens, socket, NULL);
    g_ptr_array_add(self->rows, g_strv_builder_end(row));
}

MonitorList *
monitor_list_new(const MonitorConnection *connection)
{
    MonitorList *self = g_new0(MonitorList, 1);

    self->connection = connection;
    self->rows = g_ptr_array_new_with_free_func(free_row);
    if (connection->is_local) {
        self->listening = monitor_listening_read();
        self->folder = monitor_place_folder(connection->uri, NULL);
    }
    add_row(self, "DOMAIN", "MONITOR", "LISTENS", "SOCKET");
    return self;
}

void
monitor_list_free(MonitorList *self)
{
    if (self == NULL)
        return;
    monitor_listening_free(self->listening);
    g_free(self->folder);
    g_ptr_array_unref(self->rows);
    g_free(self);
}

static const char *
listens(const MonitorList *self, const char *path)
{
    if (self->listening == NULL)
        return "unknown";
    return monitor_listening_has(self->listening, path) ? "yes" : "no";
}

/* Adds the monitors in the definition that @flags ask for. Fails if libvirt does not give that. */
static bool
add_of_definition(MonitorList *self, virDomainPtr domain, unsigned int flags, GError **error)
{
    g_autofree char *text = monitor_connection_get_xml(domain, flags, error);
    g_autoptr(MonitorXml) xml = text ? monitor_xml_parse(text, error) : NULL;
    bool is_next = (flags & VIR_DOMAIN_XML_INACTIVE) != 0;

    for (guint i = 0; xml != NULL && i < xml->monitors->len; i++) {
        const MonitorWordsFound *found = g_ptr_array_index(xml->monitors, i);

        add_row(self, virDomainGetName(domain), is_next ? "next-start" : "running",
                is_next ? "-" : listens(self, found->path), found->path);
    }
    return xml != NULL;
}

/* Adds the monitor that the running QEMU was given. */
static void
add_live(MonitorList *self, virDomainPtr domain)
{
    const char *path = NULL;

    if (self->listening == NULL || self->folder == NULL)
        return;
    path = monitor_listening_find_live(self->listening, self->folder, (int)virDomainGetID(domain));
    if (path != NULL)
        add_row(self, virDomainGetName(domain), "running", "yes", path);
}

bool
monitor_list_add(MonitorList *self, virDomainPtr domain, GError **error)
{
    guint n_before = self->rows->len;

    if (virDomainIsActive(domain) == 1) {
        if (!add_of_definition(self, domain, 0, error))
            return false;
        add_live(self, domain);
    }
    if (virDomainIsPersistent(domain) == 1 &&
        !add_of_definition(self, domain, VIR_DOMAIN_XML_INACTIVE, error))
        return false;
    if (self->rows->len == n_before)
        add_row(self, virDomainGetName(domain), "none", "-", "-");
    return true;
}

static size_t
column_width(const MonitorList *self, size_t column)
{
    glong width = 0;

    for (guint i = 0; i < self->rows->len; i++) {
        char **row = g_ptr_array_index(self->rows, i);

        width = MAX(width, g_utf8_strlen(row[column], -1));
    }
    return (size_t)width;
}

/* Appends @text, and blanks up to @width. */
static void
append_column(GString *out, const char *text, size_t width)
{
    g_string_append(out, text);
    for (size_t at = (size_t)g_utf8_strlen(text, -1); at < width; at++)
        g_string_append_c(out, ' ');
}

char *
monitor_list_to_text(const MonitorList *self)
{
    GString *out = g_string_new(NULL);
    size_t widths[N_COLUMNS] = {0};

    for (size_t column = 0; column + 1 < N_COLUMNS; column++)
        widths[column] = column_width(self, column) + GAP;
    for (guint i = 0; i < self->rows->len; i++) {
        char **row = g_ptr_array_index(self->rows, i);

        for (size_t column = 0; column + 1 < N_COLUMNS; column++)
            append_column(out, row[column], widths[column]);
        g_string_append_printf(out, "%s\n", row[N_COLUMNS - 1]);
    }
    return g_string_free(out, FALSE);
}
