/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_shape: the table of labels.
 */
#include "openmetrics_shape.h"

#include <string.h>

#define DOMAIN                                                                                     \
    {                                                                                              \
        "domain", OPENMETRICS_SHAPE_DOMAIN                                                         \
    }
#define UUID                                                                                       \
    {                                                                                              \
        "uuid", OPENMETRICS_SHAPE_UUID                                                             \
    }
#define MONITOR                                                                                    \
    {                                                                                              \
        "monitor", OPENMETRICS_SHAPE_DEVICE                                                        \
    }
#define TARGET                                                                                     \
    {                                                                                              \
        "target_device", OPENMETRICS_SHAPE_DEVICE                                                  \
    }

static const OpenmetricsShape native[OPENMETRICS_FAMILY_N_SCOPES] = {
    [OPENMETRICS_FAMILY_HEALTH] = {{{"health", OPENMETRICS_SHAPE_WORD}}},
    [OPENMETRICS_FAMILY_DOMAIN] = {{DOMAIN}},
    [OPENMETRICS_FAMILY_GROUP] = {{DOMAIN, {"group", OPENMETRICS_SHAPE_WORD}}},
    [OPENMETRICS_FAMILY_STATE] = {{DOMAIN, {"state_desc", OPENMETRICS_SHAPE_WORD}}},
    [OPENMETRICS_FAMILY_STAT] = {{DOMAIN, {"stat", OPENMETRICS_SHAPE_STAT}}},
    [OPENMETRICS_FAMILY_BLOCK] = {{{"device", OPENMETRICS_SHAPE_DEVICE}, DOMAIN}},
    [OPENMETRICS_FAMILY_NET] = {{{"device", OPENMETRICS_SHAPE_DEVICE}, DOMAIN}},
    [OPENMETRICS_FAMILY_VCPU] = {{DOMAIN, {"vcpu", OPENMETRICS_SHAPE_INDEX}}},
    [OPENMETRICS_FAMILY_VCPU_STAT] = {{DOMAIN,
                                       {"stat", OPENMETRICS_SHAPE_STAT},
                                       {"vcpu", OPENMETRICS_SHAPE_INDEX}}},
    [OPENMETRICS_FAMILY_IOTHREAD] = {{DOMAIN, {"iothread", OPENMETRICS_SHAPE_INDEX}}},
    [OPENMETRICS_FAMILY_JOB] = {{{"block_job", OPENMETRICS_SHAPE_DEVICE}, DOMAIN}},
    [OPENMETRICS_FAMILY_NUMA] = {{DOMAIN, {"node", OPENMETRICS_SHAPE_INDEX}}},
    [OPENMETRICS_FAMILY_HOSTDEV] = {{{"device", OPENMETRICS_SHAPE_DEVICE}, DOMAIN}},
    [OPENMETRICS_FAMILY_CACHE] = {{{"bank", OPENMETRICS_SHAPE_PART}, DOMAIN, MONITOR}},
    [OPENMETRICS_FAMILY_ENERGY] = {{DOMAIN, MONITOR, {"package", OPENMETRICS_SHAPE_PART}}},
    [OPENMETRICS_FAMILY_BANDWIDTH] = {{DOMAIN, MONITOR, {"node", OPENMETRICS_SHAPE_PART}}},
};

/* Where they differ from the native ones. */
static const OpenmetricsShape libvirt[OPENMETRICS_FAMILY_N_SCOPES] = {
    [OPENMETRICS_FAMILY_BLOCK] = {{DOMAIN, TARGET}},
    [OPENMETRICS_FAMILY_NET] = {{DOMAIN, TARGET}},
};

static const OpenmetricsShape kumina[OPENMETRICS_FAMILY_N_SCOPES] = {
    [OPENMETRICS_FAMILY_DOMAIN] = {{DOMAIN, UUID}},
    [OPENMETRICS_FAMILY_BLOCK] =
        {{DOMAIN, {"source_file", OPENMETRICS_SHAPE_SOURCE}, TARGET, UUID}},
    [OPENMETRICS_FAMILY_NET] =
        {{DOMAIN, {"source_bridge", OPENMETRICS_SHAPE_SOURCE}, TARGET, UUID}},
};

typedef struct {
    const char *name;
    const char *part;
    const char *source;
} Fields;

static const Fields fields[OPENMETRICS_FAMILY_N_SCOPES] = {
    [OPENMETRICS_FAMILY_BLOCK] = {"block.<n>.name", NULL, "block.<n>.path|about.block.<n>.source"},
    [OPENMETRICS_FAMILY_NET] = {"net.<n>.name", NULL, "about.net.<n>.bridge"},
    [OPENMETRICS_FAMILY_JOB] = {"ext.block.job.<n>.id", NULL, NULL},
    [OPENMETRICS_FAMILY_HOSTDEV] = {"ext.net.hostdev.<n>.address", NULL, NULL},
    [OPENMETRICS_FAMILY_CACHE] = {"cpu.cache.monitor.<n>.name", "cpu.cache.monitor.<n>.bank.<n>.id",
                                  NULL},
    [OPENMETRICS_FAMILY_ENERGY] = {"cpu.energy.monitor.<n>.name",
                                   "cpu.energy.monitor.<n>.pkg.<n>.id", NULL},
    [OPENMETRICS_FAMILY_BANDWIDTH] = {"memory.bandwidth.monitor.<n>.name",
                                      "memory.bandwidth.monitor.<n>.node.<n>.id", NULL},
};

const OpenmetricsShape *
openmetrics_shape_of(unsigned int set, OpenmetricsFamilyScope scope)
{
    const OpenmetricsShape *own = &native[scope];

    if (set == OPENMETRICS_FAMILY_LIBVIRT)
        own = &libvirt[scope];
    else if (set == OPENMETRICS_FAMILY_KUMINA)
        own = &kumina[scope];
    return own->labels[0].kind == OPENMETRICS_SHAPE_END ? &native[scope] : own;
}

bool
openmetrics_shape_is_fixed(const OpenmetricsShape *self)
{
    for (size_t i = 0; i < OPENMETRICS_SHAPE_LABELS; i++)
        if (self->labels[i].kind >= OPENMETRICS_SHAPE_PART)
            return false;
    return true;
}

const char *
openmetrics_shape_name_field(OpenmetricsFamilyScope scope)
{
    return fields[scope].name;
}

const char *
openmetrics_shape_part_field(OpenmetricsFamilyScope scope)
{
    return fields[scope].part;
}

const char *
openmetrics_shape_source_fields(OpenmetricsFamilyScope scope)
{
    return fields[scope].source;
}

char *
openmetrics_shape_make_names(const OpenmetricsFamily *family, unsigned int set)
{
    const OpenmetricsShape *shape = openmetrics_shape_of(set, family->scope);
    g_auto(GStrv) words = g_strsplit(family->labels ? family->labels : "", " ", -1);
    GString *names = g_string_new(NULL);

    for (size_t i = 0; words[i] != NULL; i++)
        g_string_append_printf(names, "%s%.*s", i > 0 ? ", " : "", (int)strcspn(words[i], "="),
                               words[i]);
    for (size_t i = 0; family->labels == NULL && i < OPENMETRICS_SHAPE_LABELS; i++)
        if (shape->labels[i].name != NULL)
            g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", shape->labels[i].name);
    return g_string_free(names, FALSE);
}
