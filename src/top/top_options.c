/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_options: see top_options.h.
 */
#include "top_options.h"

#include <string.h>

static bool
refuse(GError **error, const char *message)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);
    return false;
}

static bool
read_output(TopOptions *self, const CliOptionsTop *top, GError **error)
{
    if (top->csv != NULL && top->is_json)
        return refuse(error, "option '--csv' does not go with '--json'");
    if (top->is_json)
        self->output = TOP_OPTIONS_OUTPUT_JSON;
    else if (top->csv == NULL)
        self->output = top->is_batch ? TOP_OPTIONS_OUTPUT_TEXT : TOP_OPTIONS_OUTPUT_SCREEN;
    else if (top->csv[0] == '\0')
        self->output = TOP_OPTIONS_OUTPUT_CSV;
    else if (strcmp(top->csv, "virt-top") == 0)
        self->output = TOP_OPTIONS_OUTPUT_VIRT_TOP;
    else
        return refuse(error, "option '--csv' knows 'virt-top' and nothing else");
    return true;
}

/* virt-top's columns are what they are. */
static bool
check_virt_top(const TopOptions *self, const CliOptionsTop *top, GError **error)
{
    if (self->output != TOP_OPTIONS_OUTPUT_VIRT_TOP)
        return true;
    if (top->columns != NULL)
        return refuse(error, "option '--columns' does not go with '--csv=virt-top'");
    if (top->view != NULL && self->view != TOP_COLUMN_VIEW_VMS)
        return refuse(error, "option '--view' does not go with '--csv=virt-top'");
    if (top->counts_requests)
        return refuse(error, "option '--requests' does not go with '--csv=virt-top'");
    return true;
}

static bool
read_view(TopOptions *self, const CliOptionsTop *top, GError **error)
{
    self->has_view = top->view != NULL;
    if (top->view != NULL && !top_column_view_find(top->view, &self->view))
        return refuse(error, "option '--view' knows vms, cpu, memory, disks, nics and vcpus");
    if (top->columns != NULL) {
        self->columns = top_column_parse_list(top->columns, self->view, error);
        if (self->columns == NULL)
            return false;
    }
    if (top->sort != NULL) {
        self->order = top_column_parse(top->sort, self->view, error);
        if (self->order == NULL)
            return false;
    }
    return true;
}

static bool
read_filter(TopOptions *self, const CliOptionsTop *top, GError **error)
{
    self->filter_text = top->filter;
    if (top->filter != NULL)
        self->filter = top_filter_new(top->filter, error);
    return top->filter == NULL || self->filter != NULL;
}

/* NOWAIT: a domain that is known to be stuck does not make every round as long as its deadline. */
static bool
read_call(TopOptions *self, const CliOptions *options, GError **error)
{
    unsigned int delay_ms = options->top.delay_ms;

    self->has_delay = delay_ms != 0;
    self->call = (TopAskerCall){
        .flags = options->flags | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT,
        .timeout_ms = options->timeout_ms,
        .delay_ms = self->has_delay ? delay_ms : TOP_ASKER_DEFAULT_DELAY_MS,
    };
    if (options->domains->len > 0)
        self->call.domains = (const char *const *)options->domains->pdata;
    if (self->call.delay_ms < TOP_ASKER_LEAST_DELAY_MS)
        return refuse(error, "option '--delay' wants 0.5 seconds or more");
    return true;
}

static bool
read_series(TopOptions *self, const CliOptions *options, GError **error)
{
    self->record_dir = options->top.record_dir;
    self->replay_dir = options->top.replay_dir;
    /* Other output does not have them. */
    self->call.tells_slices = self->output == TOP_OPTIONS_OUTPUT_SCREEN || self->record_dir != NULL;
    if (self->replay_dir == NULL)
        return true;
    if (self->record_dir != NULL)
        return refuse(error, "option '--record' does not go with '--replay'");
    if (options->source != NULL)
        return refuse(error, "option '--connect' does not go with '--replay'");
    if (options->domains->len > 0)
        return refuse(error, "with '--replay' no domains are named: '--filter' chooses them");
    return true;
}

bool
top_options_make(TopOptions *ret_options, const CliOptions *options, GError **error)
{
    const CliOptionsTop *top = &options->top;
    g_auto(TopOptions) self = {
        .is_reversed = top->is_reversed,
        .counts_requests = top->counts_requests,
        .is_of_host = top->is_of_host,
        .n_rounds = top->n_rounds,
    };

    if (!read_output(&self, top, error) || !read_view(&self, top, error) ||
        !check_virt_top(&self, top, error) || !read_filter(&self, top, error) ||
        !read_call(&self, options, error) || !read_series(&self, options, error))
        return false;
    if (self.output == TOP_OPTIONS_OUTPUT_SCREEN && self.n_rounds > 0)
        return refuse(error, "option '--rounds' goes with '--batch', '--csv' and '--json'");
    *ret_options = self;
    self = (TopOptions){0};
    return true;
}

void
top_options_clear(TopOptions *self)
{
    g_clear_pointer(&self->columns, g_ptr_array_unref);
    g_clear_pointer(&self->filter, top_filter_free);
}

TopRows *
top_options_rows(const TopOptions *self, TopModel *model)
{
    const TopRowsWish wish = {
        .view = self->view,
        .order = self->order,
        .is_reversed = self->is_reversed,
        .filter = self->filter,
        .mode = top_options_mode(self, model),
    };

    return top_rows_new(model, &wish);
}

TopColumnMode
top_options_mode(const TopOptions *self, const TopModel *model)
{
    return (TopColumnMode){self->is_of_host, model->sample->host.n_processors};
}

GPtrArray *
top_options_columns(const TopOptions *self)
{
    return self->columns != NULL ? g_ptr_array_ref(self->columns)
                                 : top_column_list(self->view, self->counts_requests);
}
