/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_bins: see top_bins.h.
 */
#include "top_bins.h"

#include <glib.h>
#include <string.h>

const char *
top_bins_kind_name(TopBinsKind kind)
{
    static const char *const names[TOP_BINS_N_KINDS] = {
        [TOP_BINS_KIND_READ] = "read", [TOP_BINS_KIND_WRITE] = "write"};

    return names[kind];
}

/* Takes @word from the beginning of the text; false if it does not begin so. */
static bool
take_word(const char **text, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(*text, word, length) != 0)
        return false;
    *text += length;
    return true;
}

static bool
take_number(const char **text, unsigned int *ret_number)
{
    unsigned int number = 0;
    size_t n = 0;

    for (; n < 9 && g_ascii_isdigit((*text)[n]); n++)
        number = number * 10 + (unsigned int)((*text)[n] - '0');
    *text += n;
    *ret_number = number;
    return n > 0;
}

static bool
take_kind(const char **text, TopBinsKind *ret_kind)
{
    for (size_t i = 0; i < TOP_BINS_N_KINDS; i++) {
        if (take_word(text, top_bins_kind_name((TopBinsKind)i))) {
            *ret_kind = (TopBinsKind)i;
            return true;
        }
    }
    return false;
}

bool
top_bins_find(const char *name, TopBinsPlace *ret_place)
{
    TopBinsPlace place = {0};

    if (!take_word(&name, "block.") || !take_number(&name, &place.disk) ||
        !take_word(&name, ".latency_histogram.") || !take_kind(&name, &place.kind) ||
        !take_word(&name, ".bin.") || !take_number(&name, &place.bin))
        return false;
    place.is_start = strcmp(name, ".start") == 0;
    if (!place.is_start && strcmp(name, ".value") != 0)
        return false;
    *ret_place = place;
    return true;
}

void
top_bins_set(TopBins *self, const TopBinsPlace *place, uint64_t value)
{
    if (self->n == 0)
        self->is_whole = true;
    if (place->bin >= TOP_MAX_BINS) {
        self->is_whole = false;
        return;
    }
    self->n = MAX(self->n, place->bin + 1);
    (place->is_start ? self->starts_ns : self->counts)[place->bin] = util_count_of(value);
}

/* The requests of bin @i between both answers; false if they are not known. */
static bool
find_growth(const TopBins *now, const TopBins *before, size_t i, double *ret_growth)
{
    if (!now->counts[i].is_present || !before->counts[i].is_present ||
        !now->starts_ns[i].is_present || !before->starts_ns[i].is_present ||
        now->starts_ns[i].value != before->starts_ns[i].value ||
        now->counts[i].value < before->counts[i].value)
        return false;
    *ret_growth = (double)(now->counts[i].value - before->counts[i].value);
    return true;
}

bool
top_bins_quantile(const TopBins *now, const TopBins *before, double part, double *ret_ns)
{
    double growths[TOP_MAX_BINS] = {0};
    double all = 0, seen = 0;

    if (now == NULL || before == NULL || now->n != before->n || !now->is_whole || !before->is_whole)
        return false;
    for (size_t i = 0; i < now->n; i++) {
        if (!find_growth(now, before, i, &growths[i]))
            return false;
        all += growths[i];
    }
    if (all < 1)
        return false;
    for (size_t i = 0; i < now->n; i++) {
        seen += growths[i];
        if (seen < all * part)
            continue;
        *ret_ns = (double)now->starts_ns[i + 1 < now->n ? i + 1 : i].value;
        return true;
    }
    return false;
}
