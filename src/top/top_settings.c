/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_settings: the file of the screen.
 *
 * It has the form of GLib's key files: a group "top", and one for each view. Whoever runs
 * `domstats top` with the environment of another user reads a file of that user: it can choose what
 * is shown, and nothing else.
 */
#include "top_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "top_asker.h"
#include "top_limits.h"
#include "util/util_fd.h"

#define MAIN_GROUP "top"

char *
top_settings_path(void)
{
    return g_build_filename(g_get_user_config_dir(), "domstats", "toprc", NULL);
}

static bool
fail(const char *path, const char *why, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot read '%s': %s", path, why);
    return false;
}

/* Reads what is in the file; @ret_text is NULL if there is none. It does not wait for a fifo. */
static bool
read_file(const char *path, char **ret_text, GError **error)
{
    g_auto(UtilFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    g_autofree char *text = NULL;
    struct stat about = {0};
    size_t n_read = 0;
    ssize_t n = 0;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || fail(path, g_strerror(errno), error);
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return fail(path, "it is no file", error);
    text = g_malloc0(TOP_MAX_SETTINGS + 2);
    do {
        n = read(fd, text + n_read, TOP_MAX_SETTINGS + 1 - n_read);
        n_read += n > 0 ? (size_t)n : 0;
    } while (n > 0 && n_read <= TOP_MAX_SETTINGS);
    if (n < 0)
        return fail(path, g_strerror(errno), error);
    if (n_read > TOP_MAX_SETTINGS)
        return fail(path, "it is too large", error);
    *ret_text = g_steal_pointer(&text);
    return true;
}

/* The columns that the file chooses for @view; NULL if it does not, or names none that is known. */
static GPtrArray *
read_columns(GKeyFile *file, TopColumnView view)
{
    g_auto(GStrv) keys =
        g_key_file_get_string_list(file, top_column_view_name(view), "columns", NULL, NULL);
    g_autoptr(GPtrArray) columns = g_ptr_array_new();

    for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
        const TopColumn *column = top_column_find(keys[i], view);

        if (column != NULL && !g_ptr_array_find(columns, column, NULL))
            g_ptr_array_add(columns, (void *)(uintptr_t)column);
    }
    return columns->len > 0 ? g_steal_pointer(&columns) : NULL;
}

static void
read_view(TopState *self, GKeyFile *file, TopColumnView view)
{
    TopStateView *ours = &self->views[view];
    const char *group = top_column_view_name(view);
    g_autofree char *key = g_key_file_get_string(file, group, "sort", NULL);
    const TopColumn *order = key != NULL ? top_column_find(key, view) : NULL;
    g_autoptr(GPtrArray) columns = read_columns(file, view);

    if (order != NULL) {
        ours->order = order;
        ours->is_turned = g_key_file_get_boolean(file, group, "reverse", NULL);
    }
    if (columns != NULL) {
        g_clear_pointer(&ours->columns, g_ptr_array_unref);
        ours->columns = g_steal_pointer(&columns);
    }
}

static void
read_main(TopState *self, GKeyFile *file)
{
    g_autofree char *view = g_key_file_get_string(file, MAIN_GROUP, "view", NULL);
    g_autofree char *bytes = g_key_file_get_string(file, MAIN_GROUP, "units", NULL);
    g_autofree char *group = g_key_file_get_string(file, MAIN_GROUP, "group", NULL);
    double seconds = g_key_file_get_double(file, MAIN_GROUP, "delay", NULL);

    if (view != NULL)
        (void)top_column_view_find(view, &self->view);
    if (bytes != NULL)
        (void)top_format_bytes_find(bytes, &self->bytes);
    if (group != NULL)
        (void)top_group_find(group, &self->group);
    if (self->view == TOP_COLUMN_VIEW_VCPUS)
        self->view = TOP_COLUMN_VIEW_VMS; /* it is part of one domain's page */
    if (seconds * 1000 >= (double)TOP_ASKER_LEAST_DELAY_MS &&
        seconds * 1000 <= (double)TOP_ASKER_MOST_DELAY_MS)
        self->delay_ms = (unsigned int)(seconds * 1000 + 0.5);
    self->counts_requests = g_key_file_get_boolean(file, MAIN_GROUP, "requests", NULL);
    self->is_of_host = g_key_file_get_boolean(file, MAIN_GROUP, "of-host", NULL);
}

bool
top_settings_load(TopState *self, const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = NULL;

    if (!read_file(path, &text, error))
        return false;
    if (text == NULL || *text == '\0')
        return true;
    if (!g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL))
        return fail(path, "it is not of the form that W writes", error);
    read_main(self, file);
    for (int view = 0; view < TOP_COLUMN_N_VIEWS; view++)
        read_view(self, file, (TopColumnView)view);
    return true;
}

static void
write_view(const TopState *self, GKeyFile *file, TopColumnView view)
{
    const TopStateView *ours = &self->views[view];
    const char *group = top_column_view_name(view);
    g_autoptr(GPtrArray) keys = g_ptr_array_new();

    g_key_file_set_string(file, group, "sort", ours->order->key);
    g_key_file_set_boolean(file, group, "reverse", ours->is_turned);
    if (ours->columns == NULL)
        return;
    for (guint i = 0; i < ours->columns->len; i++)
        g_ptr_array_add(keys, (void *)(uintptr_t)((const TopColumn *)ours->columns->pdata[i])->key);
    g_key_file_set_string_list(file, group, "columns", (const char *const *)keys->pdata, keys->len);
}

bool
top_settings_save(const TopState *self, const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *text = NULL;

    g_key_file_set_string(file, MAIN_GROUP, "view", top_column_view_name(self->view));
    g_key_file_set_double(file, MAIN_GROUP, "delay", self->delay_ms / 1000.0);
    g_key_file_set_boolean(file, MAIN_GROUP, "requests", self->counts_requests);
    g_key_file_set_boolean(file, MAIN_GROUP, "of-host", self->is_of_host);
    g_key_file_set_string(file, MAIN_GROUP, "units", top_format_bytes_name(self->bytes));
    g_key_file_set_string(file, MAIN_GROUP, "group", top_group_name(self->group));
    for (int view = 0; view < TOP_COLUMN_N_VIEWS; view++)
        write_view(self, file, (TopColumnView)view);
    text = g_key_file_to_data(file, NULL, NULL);
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot make '%s': %s", folder,
                    g_strerror(errno));
        return false;
    }
    return g_file_set_contents(path, text, -1, error);
}
