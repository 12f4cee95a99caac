/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_about: see qemu_about.h. Does not know where texts come from.
 */
#include "qemu_about.h"

#include <glib.h>
#include <string.h>

#include "qemu_limits.h"

const char *const qemu_about_names[QEMU_ABOUT_N_TEXTS] = {
    [QEMU_ABOUT_TYPE] = "type",
    [QEMU_ABOUT_OS] = "os",
    [QEMU_ABOUT_ARCH] = "arch",
    [QEMU_ABOUT_MACHINE] = "machine",
    [QEMU_ABOUT_EMULATOR] = "emulator",
    [QEMU_ABOUT_TITLE] = "title",
    [QEMU_ABOUT_NOVA_NAME] = "nova.name",
    [QEMU_ABOUT_NOVA_FLAVOR] = "nova.flavor",
    [QEMU_ABOUT_NOVA_USER_NAME] = "nova.user-name",
    [QEMU_ABOUT_NOVA_USER_ID] = "nova.user-id",
    [QEMU_ABOUT_NOVA_PROJECT_NAME] = "nova.project-name",
    [QEMU_ABOUT_NOVA_PROJECT_ID] = "nova.project-id",
    [QEMU_ABOUT_NOVA_ROOT_TYPE] = "nova.root-type",
    [QEMU_ABOUT_NOVA_ROOT_ID] = "nova.root-id",
};

void
qemu_about_clear(char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g_clear_pointer(&texts[i], g_free);
}

void
qemu_about_set(char **text, const char *value)
{
    char *copy = NULL;

    if (value != NULL && value[0] != '\0' &&
        strnlen(value, QEMU_LIMIT_ABOUT_BYTES + 1) <= QEMU_LIMIT_ABOUT_BYTES)
        copy = g_utf8_make_valid(value, -1);
    g_free(*text);
    *text = copy;
}

/* True for six pairs of digits, with a colon or a dash between them. */
static bool
is_mac(const char *text)
{
    enum { PAIRS = 6, STEP = 3 };

    if (strlen(text) != PAIRS * STEP - 1)
        return false;
    for (size_t i = 0; i < PAIRS * STEP - 1; i++)
        if (i % STEP == STEP - 1 ? text[i] != ':' && text[i] != '-' : !g_ascii_isxdigit(text[i]))
            return false;
    return true;
}

void
qemu_about_set_mac(char **text, const char *value)
{
    g_autofree char *mac = value && is_mac(value) ? g_ascii_strdown(value, -1) : NULL;

    qemu_about_set(text, mac ? g_strdelimit(mac, "-", ':') : NULL);
}

void
qemu_about_take(char **text, char *take_value)
{
    qemu_about_set(text, take_value);
    g_free(take_value);
}

/* The place behind a number; NULL if @text does not begin with one. */
static const char *
skip_number(const char *text)
{
    size_t n_digits = strspn(text, "0123456789");

    return n_digits > 0 ? text + n_digits : NULL;
}

bool
qemu_about_read_drive_name(const char *name, const char **ret_bus, const char **ret_device)
{
    static const struct {
        const char *prefix, *bus, *device;
    } rows[] = {
        {"virtio", "virtio", "disk"}, {"floppy", "fdc", "floppy"}, {"sd", "sd", "disk"},
        {"ide", "ide", NULL},         {"scsi", "scsi", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *rest = g_str_has_prefix(name, rows[i].prefix)
                               ? skip_number(name + strlen(rows[i].prefix))
                               : NULL;
        const char *device = rows[i].device;

        if (rest == NULL)
            continue;
        if (device == NULL && g_str_has_prefix(rest, "-cd"))
            device = "cdrom";
        else if (device == NULL && g_str_has_prefix(rest, "-hd"))
            device = "disk";
        if (device == NULL)
            return false;
        rest = rows[i].device == NULL ? skip_number(rest + strlen("-cd")) : rest;
        if (rest == NULL || rest[0] != '\0')
            return false;
        *ret_bus = rows[i].bus;
        *ret_device = device;
        return true;
    }
    return false;
}
