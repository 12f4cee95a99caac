/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_top_series: any bytes as a line of a series of `domstats top`. They are a round or none; a
 * round is written and read again as the same, and every view of it can be written.
 */
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "top/top_csv.h"
#include "top/top_json.h"
#include "top/top_plain.h"
#include "top/top_series_text.h"
#include "top/top_virttop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_again(const TopSample *sample)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) again = g_string_new(NULL);
    g_autoptr(TopSample) second = NULL;

    top_series_text_append(text, sample);
    second = top_series_text_parse(text->str, text->len, NULL);
    if (second == NULL)
        abort();
    top_series_text_append(again, second);
    if (strcmp(text->str, again->str) != 0) {
        g_printerr("%s%s", text->str, again->str);
        abort();
    }
}

static void
write_views(TopModel *model)
{
    const TopOptions virt_top = {0};
    g_autoptr(GString) out = g_string_new(NULL);

    for (unsigned int view = 0; view < TOP_COLUMN_N_VIEWS; view++) {
        const TopOptions options = {.view = (TopColumnView)view, .is_of_host = view % 2 == 0};

        top_plain_append(out, model, &options);
        top_csv_append(out, model, &options);
        top_json_append(out, model, &options);
        if (!g_utf8_validate(out->str, (gssize)out->len, NULL))
            abort();
        g_string_truncate(out, 0);
    }
    top_virttop_append(out, model, &virt_top);
}

/* The round after itself, and after one that failed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const TopHost unknown = {0};
    const TopSampleTimes times = {1, 2, 3};
    g_autoptr(TopSample) sample = top_series_text_parse((const char *)data, size, NULL);
    g_autoptr(TopSample) failure = NULL;
    g_autoptr(TopModel) first = NULL;
    g_autoptr(TopModel) failed = NULL;
    g_autoptr(TopModel) second = NULL;

    if (sample == NULL)
        return 0;
    check_again(sample);
    first = top_model_next(NULL, sample);
    failure = top_sample_new_failed(&times, &unknown, "failed");
    failed = top_model_next(first, failure);
    second = top_model_next(failed, sample);
    write_views(first);
    write_views(second);
    return 0;
}
