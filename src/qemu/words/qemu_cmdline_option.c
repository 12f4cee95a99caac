/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_option: one option argument of QEMU -> its keys and values. Pure.
 *
 * Owns copies of both. Knows the syntax and no option.
 */
#include "qemu_cmdline_option.h"

#include <limits.h>
#include <string.h>

#include "util/util_json.h"

/* QEMU's own options nest far less deep. */
#define MAX_DEPTH 32

typedef struct {
    char *key;
    char *value;
} Pair;

struct QemuCmdlineOption {
    GArray *pairs;
    bool is_json;
};

static void
clear_pair(gpointer data)
{
    Pair *pair = data;

    g_free(pair->key);
    g_free(pair->value);
}

static void
add_pair(QemuCmdlineOption *self, char *take_key, char *take_value)
{
    Pair pair = {take_key, take_value};

    g_array_append_val(self->pairs, pair);
}

/* Takes a value up to a single comma; two stand for one. @text is left behind that comma, or
 * at the end. */
static char *
take_value(const char **text)
{
    GString *value = g_string_new(NULL);
    const char *c = *text;

    while (*c != '\0') {
        size_t length = strcspn(c, ",");

        g_string_append_len(value, c, (gssize)length);
        c += length;
        if (*c == '\0')
            break;
        c++;
        if (*c != ',')
            break;
        g_string_append_c(value, ',');
        c++;
    }
    *text = c;
    return g_string_free(value, FALSE);
}

/* Adds a key without a value, of @length bytes: "on". Only in the old "nowait", "noserver" and the
 * like the "no" means "off"; other keys have names that begin with "no". */
static void
add_bare_key(QemuCmdlineOption *self, const char *key, size_t length)
{
    static const char *const denials[] = {"nowait", "noserver", "nopretty"};

    for (size_t i = 0; i < G_N_ELEMENTS(denials); i++) {
        if (strlen(denials[i]) == length && strncmp(key, denials[i], length) == 0) {
            add_pair(self, g_strdup(denials[i] + strlen("no")), g_strdup("off"));
            return;
        }
    }
    add_pair(self, g_strndup(key, length), g_strdup("on"));
}

static void
parse_words(QemuCmdlineOption *self, const char *text, const char *implied_key)
{
    const char *c = text;

    while (*c != '\0') {
        size_t length = strcspn(c, "=,");

        if (c[length] == '=') {
            char *key = g_strndup(c, length);

            c += length + 1;
            add_pair(self, key, take_value(&c));
        } else if (c == text && implied_key != NULL) {
            add_pair(self, g_strdup(implied_key), take_value(&c));
        } else {
            if (length > 0)
                add_bare_key(self, c, length);
            c += length + (c[length] == ',' ? 1 : 0);
        }
    }
}

/* One level of an object on its way into pairs. */
typedef struct {
    QemuCmdlineOption *option;
    const char *prefix; /* "addr.", or "" */
} Flattening;

static char *
make_scalar_text(const UtilJson *value)
{
    bool is_on = false;

    if (util_json_kind(value) == UTIL_JSON_STRING)
        return g_strdup(util_json_string(value));
    if (util_json_boolean(value, &is_on))
        return g_strdup(is_on ? "on" : "off");
    if (util_json_kind(value) == UTIL_JSON_NUMBER)
        return util_json_to_text(value, false);
    return NULL;
}

static void flatten_member(const char *name, const UtilJson *value, void *data);

static void
flatten_element(Flattening *level, const UtilJson *value, size_t i)
{
    g_autofree char *name = g_strdup_printf("%zu", i);

    flatten_member(name, value, level);
}

static void
flatten_member(const char *name, const UtilJson *value, void *data)
{
    const Flattening *level = data;
    char *text = NULL;

    if (util_json_kind(value) == UTIL_JSON_OBJECT || util_json_kind(value) == UTIL_JSON_ARRAY) {
        g_autofree char *prefix = g_strconcat(level->prefix, name, ".", NULL);
        Flattening below = {level->option, prefix};

        util_json_foreach(value, flatten_member, &below);
        for (size_t i = 0; i < util_json_length(value); i++)
            flatten_element(&below, util_json_element(value, i), i);
        return;
    }
    text = make_scalar_text(value);
    if (text != NULL)
        add_pair(level->option, g_strconcat(level->prefix, name, NULL), text);
}

static QemuCmdlineOption *
new_option(void)
{
    QemuCmdlineOption *self = g_new0(QemuCmdlineOption, 1);

    self->pairs = g_array_new(FALSE, FALSE, sizeof(Pair));
    g_array_set_clear_func(self->pairs, clear_pair);
    return self;
}

QemuCmdlineOption *
qemu_cmdline_option_parse_words(const char *text, const char *implied_key)
{
    QemuCmdlineOption *self = new_option();

    parse_words(self, text, implied_key);
    return self;
}

QemuCmdlineOption *
qemu_cmdline_option_parse(const char *text, const char *implied_key)
{
    QemuCmdlineOption *self = new_option();
    g_autoptr(UtilJson) object = NULL;

    if (text[0] == '{')
        object = util_json_parse(text, strlen(text), MAX_DEPTH, NULL);
    if (object != NULL) {
        Flattening level = {self, ""};

        self->is_json = true;
        util_json_foreach(object, flatten_member, &level);
    } else {
        parse_words(self, text, implied_key);
    }
    return self;
}

void
qemu_cmdline_option_add(QemuCmdlineOption *self, const char *text, const char *implied_key,
                        const char *prefix)
{
    g_autoptr(QemuCmdlineOption) other = qemu_cmdline_option_parse(text, implied_key);

    for (guint i = 0; i < other->pairs->len; i++) {
        const Pair *pair = &g_array_index(other->pairs, Pair, i);

        add_pair(self, g_strconcat(prefix, pair->key, NULL), g_strdup(pair->value));
    }
}

void
qemu_cmdline_option_set(QemuCmdlineOption *self, const char *assignment)
{
    const char *equals = strchr(assignment, '=');

    if (equals != NULL)
        add_pair(self, g_strndup(assignment, (gsize)(equals - assignment)), g_strdup(equals + 1));
}

void
qemu_cmdline_option_free(QemuCmdlineOption *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->pairs);
    g_free(self);
}

/* The last pair counts, so the walk begins at the end. */
static const char *
find_value(const QemuCmdlineOption *self, const char *key, bool is_exact)
{
    for (guint i = self->pairs->len; i > 0; i--) {
        const Pair *pair = &g_array_index(self->pairs, Pair, i - 1);
        const char *dot = is_exact ? NULL : strrchr(pair->key, '.');

        if (g_str_equal(pair->key, key) || (dot != NULL && g_str_equal(dot + 1, key)))
            return pair->value;
    }
    return NULL;
}

const char *
qemu_cmdline_option_get(const QemuCmdlineOption *self, const char *key)
{
    return find_value(self, key, false);
}

const char *
qemu_cmdline_option_get_exact(const QemuCmdlineOption *self, const char *key)
{
    return find_value(self, key, true);
}

void
qemu_cmdline_option_foreach(const QemuCmdlineOption *self,
                            void (*take)(const char *key, const char *value, void *data),
                            void *data)
{
    for (guint i = 0; i < self->pairs->len; i++) {
        const Pair *pair = &g_array_index(self->pairs, Pair, i);

        take(pair->key, pair->value, data);
    }
}

bool
qemu_cmdline_option_is_json(const QemuCmdlineOption *self)
{
    return self->is_json;
}

bool
qemu_cmdline_option_is_on(const QemuCmdlineOption *self, const char *key)
{
    static const char *const words[] = {"on", "yes", "true", "y"};
    const char *value = qemu_cmdline_option_get(self, key);

    for (size_t i = 0; value != NULL && i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(value, words[i]))
            return true;
    return false;
}

UtilCount
qemu_cmdline_option_count(const QemuCmdlineOption *self, const char *key)
{
    const char *value = qemu_cmdline_option_get(self, key);
    uint64_t number = 0;

    if (value == NULL || !g_ascii_string_to_unsigned(value, 10, 0, UINT64_MAX, &number, NULL))
        return (UtilCount){0};
    return util_count_of(number);
}

int
qemu_cmdline_option_parse_fd(const char *text)
{
    g_autofree char *first = text ? g_strndup(text, strcspn(text, ":")) : NULL;
    uint64_t number = 0;

    if (first == NULL || !g_ascii_string_to_unsigned(first, 10, 0, INT_MAX, &number, NULL))
        return -1;
    return (int)number;
}
