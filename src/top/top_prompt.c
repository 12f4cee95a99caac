/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_prompt: one line that a user types.
 */
#include "top_prompt.h"

#include "top_keys.h"
#include "top_limits.h"

void
top_prompt_init(TopPrompt *self, const char *label, const char *text)
{
    self->label = label;
    self->text = g_string_new(text);
}

void
top_prompt_clear(TopPrompt *self)
{
    if (self->text != NULL)
        g_string_free(self->text, TRUE);
    self->text = NULL;
}

static void
append_character(GString *text, int key)
{
    char bytes[6] = {0};
    int n_bytes = g_unichar_to_utf8((gunichar)key, bytes);

    if (g_unichar_validate((gunichar)key) && g_unichar_isprint((gunichar)key) &&
        text->len + (size_t)n_bytes <= TOP_MAX_FILTER)
        g_string_append_len(text, bytes, n_bytes);
}

static void
erase_character(GString *text)
{
    const char *last = g_utf8_find_prev_char(text->str, text->str + text->len);

    if (last != NULL)
        g_string_truncate(text, (gsize)(last - text->str));
}

void
top_prompt_paste(TopPrompt *self, int key)
{
    if (key > 0)
        append_character(self->text, key);
}

TopPromptOutcome
top_prompt_take(TopPrompt *self, int key)
{
    switch (key) {
    case TOP_KEYS_ENTER:
    case TOP_KEYS_ENTER_RAW:
        return TOP_PROMPT_OUTCOME_ENTERED;
    case TOP_KEYS_ESCAPE:
        return TOP_PROMPT_OUTCOME_LEFT;
    case TOP_KEYS_ERASE:
    case TOP_KEYS_ERASE_OLD:
        erase_character(self->text);
        break;
    case TOP_KEYS_TAKE_BACK:
        g_string_truncate(self->text, 0);
        break;
    default:
        if (key > 0)
            append_character(self->text, key);
    }
    return TOP_PROMPT_OUTCOME_GOES_ON;
}
