/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_recording_writer: see qemu_recording_writer.h. Each domain is written as soon as it has
 * answered, on the thread that serves it, so a lock guards what the domains share.
 */
#include "qemu_recording_writer.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "domstats_record.h"
#include "host/host_about.h"
#include "qemu_recording_reader.h"
#include "util/util_error.h"
#include "util/util_jsonout.h"

/* A folder's name only helps the user to find a domain; domain.json has the whole name. */
#define MAX_FOLDER_NAME 64

/* Names of the host's own files and folders, which no domain's folder may have. */
static const char *const host_names[] = {"proc", "sys", HOST_ABOUT_FILE};

struct QemuRecordingWriter {
    char *dir;
    HostRoot *root;       /* borrowed; records its files. NULL once the recording is finished */
    pthread_mutex_t lock; /* guards all members below */
    GHashTable *folders;  /* char *: names in use */
    GError *first_error;
};

/* Makes @dir, or checks that it is empty. */
static bool
prepare_folder(const char *dir, GError **error)
{
    g_autoptr(GDir) folder = NULL;
    g_autoptr(GError) fault = NULL;

    if (g_mkdir_with_parents(dir, 0700) < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "cannot make folder '%s': %s", dir,
                    g_strerror(errno));
        return false;
    }
    folder = g_dir_open(dir, 0, &fault);
    if (folder == NULL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "cannot record into '%s': %s", dir,
                    fault->message);
        return false;
    }
    if (g_dir_read_name(folder) != NULL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID,
                    "cannot record into '%s': it is not empty", dir);
        return false;
    }
    return true;
}

QemuRecordingWriter *
qemu_recording_writer_create(const char *dir, HostRoot *root, GError **error)
{
    QemuRecordingWriter *self = NULL;

    if (!prepare_folder(dir, error) || !host_root_start_recording(root, dir, error))
        return NULL;
    self = g_new0(QemuRecordingWriter, 1);
    self->dir = g_canonicalize_filename(dir, NULL);
    self->root = root;
    pthread_mutex_init(&self->lock, NULL);
    self->folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(host_names); i++)
        g_hash_table_add(self->folders, g_strdup(host_names[i]));
    return self;
}

void
qemu_recording_writer_free(QemuRecordingWriter *self)
{
    if (self == NULL)
        return;
    if (self->root != NULL)
        host_root_drop_recording(self->root);
    g_hash_table_unref(self->folders);
    g_clear_error(&self->first_error);
    pthread_mutex_destroy(&self->lock);
    g_free(self->dir);
    g_free(self);
}

static void
note_error(QemuRecordingWriter *self, GError *take_error)
{
    pthread_mutex_lock(&self->lock);
    if (self->first_error == NULL)
        self->first_error = g_steal_pointer(&take_error);
    pthread_mutex_unlock(&self->lock);
    g_clear_error(&take_error);
}

static bool
write_text(const char *folder, const char *file_name, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(folder, file_name, NULL);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    g_autoptr(GError) fault = NULL;

    if (g_file_set_contents_full(path, line, -1, G_FILE_SET_CONTENTS_NONE, 0600, &fault))
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot write recording: %s", fault->message);
    return false;
}

/* Makes a name for the domain's folder that is not in use, and marks it as used. The caller frees.
 */
static char *
take_folder_name(QemuRecordingWriter *self, const char *domain_name)
{
    g_autofree char *base = g_strndup(domain_name, MAX_FOLDER_NAME);
    char *name = NULL;

    g_strcanon(base, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", '_');
    if (base[0] == '.')
        base[0] = '_';
    name = g_strdup(base[0] != '\0' ? base : "domain");
    pthread_mutex_lock(&self->lock);
    for (unsigned int i = 2; g_hash_table_contains(self->folders, name); i++) {
        g_free(name);
        name = g_strdup_printf("%s-%u", base, i);
    }
    g_hash_table_add(self->folders, g_strdup(name));
    pthread_mutex_unlock(&self->lock);
    return name;
}

static void
set_string(UtilJsonOut *object, const char *name, const char *value)
{
    g_autofree char *text = value ? g_utf8_make_valid(value, -1) : NULL;

    if (text != NULL)
        util_jsonout_set(object, name, util_jsonout_new_string(text));
}

/* NAME: TEXT, ... */
static UtilJsonOut *
make_about(const QemuAbout *about)
{
    UtilJsonOut *object = util_jsonout_new_object();

    for (size_t i = 0; i < QEMU_ABOUT_N_TEXTS; i++)
        set_string(object, qemu_about_names[i], about->texts[i]);
    return object;
}

static char *
make_domain_text(const QemuRecordingWriterDomain *domain)
{
    g_autoptr(UtilJsonOut) object = util_jsonout_new_object();

    set_string(object, "name", domain->name);
    set_string(object, "uuid", domain->uuid);
    util_jsonout_set(object, "id", util_jsonout_new_int64(domain->id));
    if (domain->pid > 0) {
        util_jsonout_set(object, "pid", util_jsonout_new_int64(domain->pid));
        util_jsonout_set(object, "start_ticks", util_jsonout_new_count(domain->start_ticks));
    }
    if (domain->is_active && domain->id < 0)
        util_jsonout_set(object, "active", util_jsonout_new_boolean(true));
    if (domain->is_persistent || domain->is_listed)
        util_jsonout_set(object, "persistent", util_jsonout_new_boolean(domain->is_persistent));
    if (domain->autostart.is_present)
        util_jsonout_set(object, "autostart",
                         util_jsonout_new_boolean(domain->autostart.value != 0));
    if (domain->about != NULL)
        util_jsonout_set(object, "about", make_about(domain->about));
    set_string(object, "health", domstats_record_health_name(domain->health));
    set_string(object, "reason", domain->reason);
    set_string(object, "monitor", domain->monitor_path);
    return util_jsonout_to_text(object, true);
}

/* Writes the first of @members that @message has; nothing if it has none. The other members, id and
 * timestamp, mean nothing in a recording. */
static bool
write_member(const char *folder, const char *file_name, const UtilJson *message,
             const char *const *members, GError **error)
{
    for (size_t i = 0; members[i] != NULL; i++) {
        g_autofree char *value = NULL;
        g_autofree char *text = NULL;

        if (!util_json_has(message, members[i]))
            continue;
        value = util_json_to_text(util_json_member(message, members[i]), false);
        text = g_strdup_printf("{\"%s\":%s}", members[i], value);
        return write_text(folder, file_name, text, error);
    }
    return true;
}

static bool
write_domain(const char *folder, const QemuRecordingWriterDomain *domain, const QemuAnswer *answers,
             GError **error)
{
    static const char *const greeting_members[] = {"QMP", NULL};
    static const char *const reply_members[] = {"return", "error", NULL};
    g_autofree char *text = make_domain_text(domain);

    if (g_mkdir_with_parents(folder, 0700) < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot make folder '%s': %s", folder,
                    g_strerror(errno));
        return false;
    }
    if (!write_text(folder, QEMU_RECORDING_DOMAIN_FILE, text, error) ||
        !write_member(folder, QEMU_RECORDING_GREETING_FILE, domain->greeting, greeting_members,
                      error))
        return false;
    for (size_t i = 0; i < QEMU_N_COMMANDS; i++) {
        bool has_come =
            answers[i].status == QEMU_ANSWER_RETURNED || answers[i].status == QEMU_ANSWER_REFUSED;

        if (has_come && !write_member(folder, qemu_commands[i].file_name, answers[i].message,
                                      reply_members, error))
            return false;
    }
    return true;
}

void
qemu_recording_writer_add_domain(QemuRecordingWriter *self, const QemuRecordingWriterDomain *domain,
                                 const QemuAnswer *answers)
{
    g_autofree char *name = take_folder_name(self, domain->name);
    g_autofree char *folder = g_build_filename(self->dir, name, NULL);
    GError *error = NULL;

    if (!write_domain(folder, domain, answers, &error))
        note_error(self, error);
}

bool
qemu_recording_writer_finish(QemuRecordingWriter *self, GError **error)
{
    HostRoot *root = g_steal_pointer(&self->root);
    GError *first_error = NULL;

    pthread_mutex_lock(&self->lock);
    first_error = g_steal_pointer(&self->first_error);
    pthread_mutex_unlock(&self->lock);
    if (first_error == NULL)
        return host_root_finish_recording(root, error);
    host_root_drop_recording(root);
    g_propagate_error(error, first_error);
    return false;
}
