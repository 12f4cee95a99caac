/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests that qemu_command's table agrees with QEMU's own schema: each command exists and takes
 * those arguments, of those types. tools/capture-schema made the files of qemuschema/ from real
 * QEMUs.
 */
#include <string.h>

#include "qemu/qmp/qemu_command.h"
#include "testing.h"

#define MAX_DEPTH 16

/* The versions that were captured. */
static const char *const versions[] = {"7.2", "10.0", "11.1"};

typedef struct {
    const UtilJson *schema;
    const UtilJson *type; /* the object type whose value is looked at */
    const UtilJson *value;
    char *fault; /* the first; NULL: none */
} Look;

static void check_value(const UtilJson *schema, const char *type, const UtilJson *value,
                        const char *place, char **fault);

/* The element of @list whose member @key is @name. */
static const UtilJson *
find(const UtilJson *list, const char *key, const char *name)
{
    for (size_t i = 0; i < util_json_length(list); i++) {
        const UtilJson *element = util_json_element(list, i);

        if (g_strcmp0(util_json_member_string(element, key), name) == 0)
            return element;
    }
    return NULL;
}

static const UtilJson *
find_members(const UtilJson *type)
{
    return util_json_member(type, "members");
}

/* The object type that the tag's value adds; NULL: none. */
static const UtilJson *
find_variant(const UtilJson *schema, const UtilJson *type, const UtilJson *value)
{
    const char *tag = util_json_member_string(type, "tag");
    const char *chosen = tag ? util_json_member_string(value, tag) : NULL;
    const UtilJson *variant = find(util_json_member(type, "variants"), "case", chosen);

    return variant ? find(schema, "name", util_json_member_string(variant, "type")) : NULL;
}

/* Checks that the type has a member for an argument of ours. */
static void
check_member(const char *name, const UtilJson *value, void *data)
{
    Look *look = data;
    const UtilJson *variant = find_variant(look->schema, look->type, look->value);
    const UtilJson *member = find(find_members(look->type), "name", name);

    if (member == NULL)
        member = find(find_members(variant), "name", name);
    if (look->fault != NULL)
        return;
    if (member == NULL)
        look->fault = g_strdup_printf("no member '%s'", name);
    else
        check_value(look->schema, util_json_member_string(member, "type"), value, name,
                    &look->fault);
}

static void
check_object(const UtilJson *schema, const UtilJson *type, const UtilJson *value, char **fault)
{
    Look look = {.schema = schema, .type = type, .value = value};
    const UtilJson *parts[] = {type, find_variant(schema, type, value)};

    util_json_foreach(value, check_member, &look);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        const UtilJson *members = find_members(parts[i]);

        for (size_t j = 0; j < util_json_length(members) && look.fault == NULL; j++) {
            const UtilJson *member = util_json_element(members, j);
            const char *name = util_json_member_string(member, "name");

            if (!util_json_has(member, "default") && !util_json_has(value, name))
                look.fault = g_strdup_printf("member '%s' is missing", name);
        }
    }
    *fault = look.fault;
}

static bool
is_kind(const UtilJson *value, const char *json_type)
{
    static const struct {
        const char *json_type;
        UtilJsonKind kind;
    } rows[] = {
        {"string", UTIL_JSON_STRING},
        {"boolean", UTIL_JSON_BOOLEAN},
        {"int", UTIL_JSON_NUMBER},
        {"number", UTIL_JSON_NUMBER},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_strcmp0(rows[i].json_type, json_type) == 0)
            return util_json_kind(value) == rows[i].kind;
    return false;
}

static void
check_value(const UtilJson *schema, const char *type_name, const UtilJson *value, const char *place,
            char **fault)
{
    const UtilJson *type = find(schema, "name", type_name);
    const char *meta = util_json_member_string(type, "meta-type");
    UtilJsonKind kind = util_json_kind(value);
    bool is_right = false;

    if (g_strcmp0(meta, "builtin") == 0)
        is_right = is_kind(value, util_json_member_string(type, "json-type"));
    else if (g_strcmp0(meta, "enum") == 0)
        is_right = kind == UTIL_JSON_STRING &&
                   find(find_members(type), "name", util_json_string(value)) != NULL;
    else if (g_strcmp0(meta, "array") == 0)
        is_right = kind == UTIL_JSON_ARRAY;
    else if (g_strcmp0(meta, "object") == 0)
        is_right = kind == UTIL_JSON_OBJECT;
    if (!is_right) {
        *fault = g_strdup_printf("'%s' is no %s '%s'", place, meta ? meta : "type", type_name);
        return;
    }
    if (kind == UTIL_JSON_OBJECT)
        check_object(schema, type, value, fault);
    for (size_t i = 0; i < util_json_length(value) && *fault == NULL; i++)
        check_value(schema, util_json_member_string(type, "element-type"),
                    util_json_element(value, i), place, fault);
}

/* The reason for which that QEMU would refuse the command; NULL: it takes it. */
static char *
find_fault(const UtilJson *schema, const char *name, const char *arguments_text)
{
    const char *text = arguments_text ? arguments_text : "{}";
    g_autoptr(UtilJson) arguments = util_json_parse(text, strlen(text), MAX_DEPTH, NULL);
    const UtilJson *command = find(schema, "name", name);
    char *fault = NULL;

    assert_non_null(arguments);
    if (g_strcmp0(util_json_member_string(command, "meta-type"), "command") != 0)
        return g_strdup("no such command");
    check_value(schema, util_json_member_string(command, "arg-type"), arguments, "arguments",
                &fault);
    return fault;
}

static UtilJson *
read_schema(const char *version)
{
    g_autofree char *file_name = g_strconcat(version, ".json", NULL);
    g_autofree char *path =
        g_build_filename(testing_source_folder(), "qemuschema", file_name, NULL);
    g_autofree char *text = NULL;
    gsize size = 0;
    UtilJson *schema = NULL;

    assert_true(g_file_get_contents(path, &text, &size, NULL));
    schema = util_json_parse(text, size, MAX_DEPTH, NULL);
    assert_non_null(schema);
    return schema;
}

/* Commands with a fault: the check must find it. */
typedef struct {
    const char *sentence;
    const char *name;
    const char *arguments;
    const char *fault; /* NULL: none */
} Row;

static const Row rows[] = {
    {"a command without arguments", "query-status", NULL, NULL},
    {"an argument left out that may be", "query-blockstats", NULL, NULL},
    {"a command that is misspelt", "query-statuss", NULL, "no such command"},
    {"a type is no command", "str", NULL, "no such command"},
    {"an argument where there is none", "query-status", "{\"full\":true}", "no member 'full'"},
    {"an argument that is misspelt", "query-stats", "{\"targett\":\"vm\"}", "no member 'targett'"},
    {"a value that is misspelt", "query-stats", "{\"target\":\"vcpus\"}", "'target' is no enum"},
    {"a value of another type", "query-named-block-nodes", "{\"flat\":\"on\"}",
     "'flat' is no builtin"},
    {"an argument that is missing", "qom-get", "{\"path\":\"/machine\"}",
     "member 'property' is missing"},
    {"an argument of one variant", "query-stats", "{\"target\":\"vcpu\",\"vcpus\":[\"/x\"]}", NULL},
    {"the same in another variant", "query-stats", "{\"target\":\"vm\",\"vcpus\":[\"/x\"]}",
     "no member 'vcpus'"},
    {"an array that is none", "query-stats", "{\"target\":\"vm\",\"providers\":{}}",
     "'providers' is no array"},
    {"a fault inside an array", "query-stats",
     "{\"target\":\"vm\",\"providers\":[{\"provider\":\"kvm\"},{\"provider\":\"kwm\"}]}",
     "'provider' is no enum"},
};

static void
finds_faults(const void *data)
{
    const Row *row = data;

    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(UtilJson) schema = read_schema(versions[i]);
        g_autofree char *fault = find_fault(schema, row->name, row->arguments);

        if (row->fault == NULL)
            assert_null(fault);
        else if (fault == NULL || !g_str_has_prefix(fault, row->fault))
            fail_msg("%s: '%s'", versions[i], fault ? fault : "no fault");
    }
}

typedef struct {
    const char *name;
    const QemuCommand *command;
} CommandRow;

static void
is_what_qemu_takes(const void *data)
{
    const QemuCommand *command = ((const CommandRow *)data)->command;

    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(UtilJson) schema = read_schema(versions[i]);
        g_autofree char *fault = find_fault(schema, command->name, command->arguments);
        bool is_out_of_band = false;

        if (fault != NULL)
            fail_msg("QEMU %s: %s %s: %s", versions[i], command->name,
                     command->arguments ? command->arguments : "", fault);
        util_json_member_boolean(find(schema, "name", command->name), "allow-oob", &is_out_of_band);
        assert_int_equal(is_out_of_band, command == &qemu_commands[QEMU_COMMAND_QUERY_YANK]);
    }
}

int
main(void)
{
    CommandRow commands[QEMU_N_COMMANDS] = {0};

    for (size_t i = 0; i < QEMU_N_COMMANDS; i++)
        commands[i] = (CommandRow){qemu_commands[i].file_name, &qemu_commands[i]};
    return TESTING_RUN_TABLE("faults are found", rows, finds_faults) +
           TESTING_RUN_TABLE("our commands", commands, is_what_qemu_takes);
}
