/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_record: see openmetrics_record.h.
 *
 * How it works
 *
 * A record is read twice. First each field is looked up in the index; those that are labels (names,
 * paths, kinds) are kept at their device. Then all devices have their labels, and each value
 * becomes a line: the name of the family, the labels of the device, the number.
 */
#include "openmetrics_record.h"

#include "domstats_group.h"
#include "openmetrics_number.h"
#include "openmetrics_text.h"

typedef struct {
    OpenmetricsIndexHit hit;
    const virTypedParameter *param;
} Hit;

void
openmetrics_record_init(OpenmetricsRecordMaker *self, const OpenmetricsIndex *index,
                        OpenmetricsOutput *output, unsigned int set, const char *version,
                        int64_t now_us)
{
    *self = (OpenmetricsRecordMaker){
        .index = index, .output = output, .set = set, .version = version, .now_us = now_us};
    self->hits = g_array_new(FALSE, FALSE, sizeof(Hit));
    openmetrics_device_init(&self->devices, index, set);
    openmetrics_device_begin(&self->devices, "", "");
    for (size_t i = 0; i < OPENMETRICS_SELF_N_WORDS; i++)
        openmetrics_index_find(index, openmetrics_self[i].word, &self->self[i]);
}

void
openmetrics_record_clear(OpenmetricsRecordMaker *self)
{
    openmetrics_device_clear(&self->devices);
    openmetrics_histogram_clear(&self->histogram);
    openmetrics_buffer_clear(&self->labels);
    openmetrics_buffer_clear(&self->domain);
    openmetrics_buffer_clear(&self->uuid);
    g_clear_pointer(&self->hits, g_array_unref);
}

bool
openmetrics_record_is_hidden(unsigned int set, const DomstatsRecord *record)
{
    return record->health == DOMSTATS_HEALTH_NO_DOMAIN ||
           (set != OPENMETRICS_FAMILY_NATIVE &&
            openmetrics_self_state(record) == VIR_DOMAIN_SHUTOFF);
}

/* The set whose shape the labels of @family have. */
static unsigned int
set_of(const OpenmetricsRecordMaker *self, const OpenmetricsFamily *family)
{
    return family->sets & OPENMETRICS_FAMILY_COMMON ? OPENMETRICS_FAMILY_NATIVE : self->set;
}

static OpenmetricsBuffer *
begin(OpenmetricsRecordMaker *self, size_t family, const OpenmetricsDevice *device,
      const OpenmetricsDeviceSample *sample)
{
    const OpenmetricsFamily *row = &openmetrics_families[family];

    if (device != NULL && device->n_fixed > 0 && device->scope == row->scope)
        return openmetrics_output_begin(self->output, family, "",
                                        self->devices.texts.bytes + device->fixed_at,
                                        device->n_fixed);
    self->labels.n_bytes = 0;
    openmetrics_device_append_labels(&self->devices, &self->labels, set_of(self, row), row->scope,
                                     device, sample);
    return openmetrics_output_begin(self->output, family, "", self->labels.bytes,
                                    self->labels.n_bytes);
}

static bool
is_below_zero(const virTypedParameter *param)
{
    return (param->type == VIR_TYPED_PARAM_INT && param->value.i < 0) ||
           (param->type == VIR_TYPED_PARAM_LLONG && param->value.l < 0) ||
           (param->type == VIR_TYPED_PARAM_DOUBLE && param->value.d < 0);
}

/* A counter below zero would make a parser refuse the whole exposition. */
static void
add_value(OpenmetricsRecordMaker *self, const OpenmetricsIndexHit *hit,
          const virTypedParameter *param, const OpenmetricsDevice *device,
          const OpenmetricsDeviceSample *sample)
{
    for (unsigned int i = 0; i < hit->entry->n_families; i++) {
        size_t family = hit->entry->families[i];
        OpenmetricsBuffer *out = &self->output->families[family];
        size_t n_before = out->n_bytes;

        if (openmetrics_families[family].type == OPENMETRICS_FAMILY_COUNTER && is_below_zero(param))
            continue;
        begin(self, family, device, sample);
        if (openmetrics_number_append_param(out, param, openmetrics_families[family].scale))
            openmetrics_buffer_append_char(out, '\n');
        else
            out->n_bytes = n_before;
    }
}

void
openmetrics_record_add_self(OpenmetricsRecordMaker *self, OpenmetricsSelfId id, const char *word,
                            int64_t value)
{
    const virTypedParameter param = {.type = VIR_TYPED_PARAM_LLONG, .value.l = value};
    const OpenmetricsDeviceSample sample = {.word = word};

    if (self->self[id].entry != NULL)
        add_value(self, &self->self[id], &param, NULL, &sample);
}

static void
add_missing(OpenmetricsRecordMaker *self, unsigned int missing)
{
    for (size_t i = 0; i < domstats_n_groups; i++)
        if (missing & domstats_groups[i].bit)
            openmetrics_record_add_self(self, OPENMETRICS_SELF_DOMAIN_MISSING,
                                        domstats_groups[i].name, 1);
}

/* A domain that is off has little beside its state, and nothing is wrong with that. */
static unsigned int
missing_of(const OpenmetricsRecordMaker *self, const DomstatsRecord *record)
{
    bool is_off = openmetrics_self_state(record) == VIR_DOMAIN_SHUTOFF;

    return record->missing & self->judged & (is_off ? VIR_DOMAIN_STATS_STATE : ~0U);
}

static void
add_verdict(OpenmetricsRecordMaker *self, const DomstatsRecord *record)
{
    bool is_ok = record->health == DOMSTATS_HEALTH_OK;
    unsigned int missing = missing_of(self, record);

    openmetrics_record_add_self(self, OPENMETRICS_SELF_DOMAIN_ANSWERED, NULL, is_ok);
    openmetrics_record_add_self(self, OPENMETRICS_SELF_DOMAIN_COMPLETE, NULL,
                                missing == 0 && record->health != DOMSTATS_HEALTH_NO_DOMAIN);
    add_missing(self, missing);
    openmetrics_record_add_self(self, OPENMETRICS_SELF_DOMAIN_SINCE, NULL, record->since_us);
    openmetrics_record_add_self(self, OPENMETRICS_SELF_DOMAIN_AGE, NULL,
                                MAX(self->now_us - record->taken_us, 0));
    if (record->monitor_us >= 0)
        openmetrics_record_add_self(self, OPENMETRICS_SELF_DOMAIN_MONITOR_TIME, NULL,
                                    record->monitor_us);
}

static void
add_used_percent(OpenmetricsRecordMaker *self, const DomstatsRecord *record)
{
    const OpenmetricsIndexHit *hit = &self->self[OPENMETRICS_SELF_DOMAIN_USED_PERCENT];
    virTypedParameter param = {.type = VIR_TYPED_PARAM_DOUBLE};

    if (hit->entry == NULL)
        return;
    param.value.d = openmetrics_self_used_percent(record);
    if (param.value.d >= 0)
        add_value(self, hit, &param, NULL, NULL);
}

/* Looks up all fields, keeps those that are labels, and makes the devices. */
static void
look_up(OpenmetricsRecordMaker *self, const DomstatsRecord *record)
{
    g_array_set_size(self->hits, 0);
    openmetrics_device_get(&self->devices, OPENMETRICS_FAMILY_DOMAIN, 0);
    for (int i = 0; i < record->n_params; i++) {
        Hit hit = {.param = &record->params[i]};
        OpenmetricsDevice *device = NULL;
        OpenmetricsFamilyScope scope = OPENMETRICS_FAMILY_HOST;

        if (!openmetrics_index_find(self->index, record->params[i].field, &hit.hit) ||
            hit.hit.entry->kind == OPENMETRICS_INDEX_SELF)
            continue;
        scope = hit.hit.entry->scope;
        if (scope < OPENMETRICS_FAMILY_BLOCK) {
            scope = OPENMETRICS_FAMILY_DOMAIN;
            hit.hit.numbers[0] = 0;
        }
        if (hit.hit.entry->slot >= 0 || scope >= OPENMETRICS_FAMILY_BLOCK)
            device = openmetrics_device_get(&self->devices, scope, hit.hit.numbers[0]);
        if (hit.hit.entry->slot >= 0)
            device->slots[hit.hit.entry->slot] = hit.param;
        g_array_append_val(self->hits, hit);
    }
}

static uint64_t
count_of(const virTypedParameter *param)
{
    return param->type == VIR_TYPED_PARAM_ULLONG ? param->value.ul
           : param->type == VIR_TYPED_PARAM_UINT ? param->value.ui
                                                 : 0;
}

static void
add_bin(OpenmetricsRecordMaker *self, const Hit *hit, const OpenmetricsDevice *device)
{
    size_t family = hit->hit.entry->families[0];

    if (hit->hit.entry->kind == OPENMETRICS_INDEX_COUNT)
        openmetrics_histogram_add_count(&self->histogram, family, device->number,
                                        count_of(hit->param));
    else
        openmetrics_histogram_add_start(&self->histogram, self->output, family, device->number,
                                        self->devices.texts.bytes + device->fixed_at,
                                        device->n_fixed, count_of(hit->param));
}

static void
add_sample(OpenmetricsRecordMaker *self, const Hit *hit, const OpenmetricsDevice *device)
{
    OpenmetricsDeviceSample sample = {.part = hit->hit.numbers[1],
                                      .stat = hit->param->field + hit->hit.stat_at,
                                      .n_stat = hit->hit.stat_length};

    sample.word = openmetrics_self_state_text(
        hit->param->type == VIR_TYPED_PARAM_INT ? hit->param->value.i : -1);
    add_value(self, &hit->hit, hit->param, device, &sample);
}

static void
add_hit(OpenmetricsRecordMaker *self, const Hit *hit)
{
    const OpenmetricsIndexEntry *entry = hit->hit.entry;
    OpenmetricsFamilyScope scope = MAX(entry->scope, OPENMETRICS_FAMILY_DOMAIN);
    OpenmetricsDevice *device = NULL;

    if (scope < OPENMETRICS_FAMILY_BLOCK)
        scope = OPENMETRICS_FAMILY_DOMAIN;
    device = openmetrics_device_get(&self->devices, scope, hit->hit.numbers[0]);
    switch (entry->kind) {
    case OPENMETRICS_INDEX_SAMPLE:
        add_sample(self, hit, device);
        break;
    case OPENMETRICS_INDEX_PART:
        device->has_part = true;
        device->part = hit->hit.numbers[1];
        device->part_id = count_of(hit->param);
        break;
    case OPENMETRICS_INDEX_START:
    case OPENMETRICS_INDEX_COUNT:
        add_bin(self, hit, device);
        break;
    case OPENMETRICS_INDEX_SELF:
        break;
    }
}

/* Gives whether the label tells something of its own, which the labels of all samples do not. */
static bool
append_info_value(OpenmetricsRecordMaker *self, const OpenmetricsIndexLabel *label,
                  const OpenmetricsDevice *device, const DomstatsRecord *record)
{
    OpenmetricsBuffer *out = &self->labels;

    switch (label->from) {
    case OPENMETRICS_INDEX_FROM_SLOT:
        return openmetrics_device_append_slot(out, device, label->slots);
    case OPENMETRICS_INDEX_FROM_DEVICE:
        openmetrics_buffer_append(out, self->devices.texts.bytes + device->name_at, device->n_name);
        return false;
    case OPENMETRICS_INDEX_FROM_DOMAIN:
        openmetrics_buffer_append(out, self->domain.bytes, self->domain.n_bytes - 1);
        return false;
    case OPENMETRICS_INDEX_FROM_NAME:
        openmetrics_text_append(out, record->name);
        return true;
    case OPENMETRICS_INDEX_FROM_UUID:
        openmetrics_text_append(out, record->uuid);
        return true;
    case OPENMETRICS_INDEX_FROM_HEALTH:
        openmetrics_buffer_append_text(out, domstats_health_to_string(record->health));
        return true;
    case OPENMETRICS_INDEX_FROM_REASON:
        openmetrics_buffer_append_text(out, domstats_reason_to_string(record->reason_code));
        return true;
    case OPENMETRICS_INDEX_FROM_BY:
        openmetrics_buffer_append_text(out, domstats_answered_by_to_string(record->answered_by));
        return true;
    case OPENMETRICS_INDEX_FROM_VERSION:
        openmetrics_text_append(out, self->version);
        return true;
    case OPENMETRICS_INDEX_FROM_WORD:
        openmetrics_buffer_append(out, label->word, label->word_length);
        return true;
    }
    return false;
}

static void
add_info(OpenmetricsRecordMaker *self, const OpenmetricsIndexInfo *info,
         const OpenmetricsDevice *device, const DomstatsRecord *record)
{
    OpenmetricsBuffer *out = NULL;
    bool is_known = false;

    self->labels.n_bytes = 0;
    for (guint i = 0; i < info->labels->len; i++) {
        const OpenmetricsIndexLabel *label = &g_array_index(info->labels, OpenmetricsIndexLabel, i);

        if (i > 0)
            openmetrics_buffer_append_char(&self->labels, ',');
        openmetrics_buffer_append(&self->labels, label->name, label->name_length);
        openmetrics_buffer_append_char(&self->labels, '"');
        if (append_info_value(self, label, device, record))
            is_known = true;
        openmetrics_buffer_append_char(&self->labels, '"');
    }
    if (!is_known)
        return;
    out = openmetrics_output_begin(self->output, info->family, "", self->labels.bytes,
                                   self->labels.n_bytes);
    openmetrics_buffer_append_text(out, "1\n");
}

static void
add_infos(OpenmetricsRecordMaker *self, const DomstatsRecord *record, bool only_common)
{
    for (guint i = 0; i < self->devices.devices->len; i++) {
        const OpenmetricsDevice *device =
            &g_array_index(self->devices.devices, OpenmetricsDevice, i);
        size_t n = 0;
        const OpenmetricsIndexInfo *infos = openmetrics_index_infos(self->index, device->scope, &n);

        for (size_t k = 0; k < n; k++)
            if (!only_common ||
                (openmetrics_families[infos[k].family].sets & OPENMETRICS_FAMILY_COMMON) != 0)
                add_info(self, &infos[k], device, record);
    }
}

void
openmetrics_record_add_host_infos(OpenmetricsRecordMaker *self)
{
    size_t n = 0;
    const OpenmetricsIndexInfo *infos =
        openmetrics_index_infos(self->index, OPENMETRICS_FAMILY_HOST, &n);

    for (size_t i = 0; i < n; i++)
        add_info(self, &infos[i], NULL, NULL);
}

static void
escape(OpenmetricsBuffer *to, const char *text)
{
    to->n_bytes = 0;
    openmetrics_text_append(to, text);
    openmetrics_buffer_append_char(to, '\0');
}

void
openmetrics_record_add(OpenmetricsRecordMaker *self, const DomstatsRecord *record,
                       const char *label)
{
    bool is_hidden = openmetrics_record_is_hidden(self->set, record);

    escape(&self->domain, label);
    escape(&self->uuid, record->uuid);
    openmetrics_device_begin(&self->devices, self->domain.bytes, self->uuid.bytes);
    add_verdict(self, record);
    if (is_hidden) {
        openmetrics_device_get(&self->devices, OPENMETRICS_FAMILY_DOMAIN, 0);
        add_infos(self, record, true);
        return;
    }
    openmetrics_record_add_self(self, OPENMETRICS_SELF_DOMAIN_TIMED_OUT, NULL,
                                record->health != DOMSTATS_HEALTH_OK);
    look_up(self, record);
    openmetrics_device_name_all(&self->devices);
    for (guint i = 0; i < self->hits->len; i++)
        add_hit(self, &g_array_index(self->hits, Hit, i));
    openmetrics_histogram_finish(&self->histogram, self->output);
    add_used_percent(self, record);
    add_infos(self, record, false);
}
