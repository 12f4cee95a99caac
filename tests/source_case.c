/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source_case: trees of files for sources to look at, and what they found as text.
 */
#include "source_case.h"

#include <string.h>
#include <unistd.h>

#include "testing.h"

void
source_case_write_words(const char *folder, int pid, const char *name, const char *text,
                        char end_of_word)
{
    g_autofree char *path = g_strdup_printf("proc/%d/%s", pid, name);
    g_autofree char *full = g_build_filename(folder, path, NULL);
    g_autofree char *bytes = g_strdup(text);
    const char delimiters[] = {end_of_word, '\0'};

    testing_write_file(folder, path, "");
    g_strdelimit(bytes, delimiters, '\0');
    assert_true(g_file_set_contents(full, bytes, (gssize)strlen(text), NULL));
}

void
source_case_make_link(const char *folder, const char *path, const char *target)
{
    g_autofree char *full = g_build_filename(folder, path, NULL);
    g_autofree char *above = g_path_get_dirname(full);

    assert_int_equal(g_mkdir_with_parents(above, 0755), 0);
    assert_int_equal(symlink(target, full), 0);
}

bool
source_case_is_among(const GPtrArray *endpoints, const QemuEndpoint *endpoint)
{
    return endpoints != NULL && g_ptr_array_find((GPtrArray *)endpoints, endpoint, NULL);
}

char *
source_case_make_places_text(const QemuEndpoint *endpoint)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < endpoint->places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(endpoint->places, i);

        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", place->connect_path);
        if (place->socket_inode != 0)
            g_string_append_printf(text, "=%u", (unsigned int)place->socket_inode);
        if (place->netns_pid != 0)
            g_string_append_printf(text, " in the network of %d", (int)place->netns_pid);
    }
    return g_string_free(text, FALSE);
}
