/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_prompt: one line that a user types: a filter, a text to search for, a number. Takes keys,
 * knows no terminal.
 */
#pragma once

#include <glib.h>

typedef enum {
    TOP_PROMPT_OUTCOME_GOES_ON,
    TOP_PROMPT_OUTCOME_ENTERED,
    TOP_PROMPT_OUTCOME_LEFT, /* nothing is to be done with it */
} TopPromptOutcome;

typedef struct {
    const char *label; /* static */
    GString *text;     /* UTF-8, TOP_MAX_FILTER bytes at most */
} TopPrompt;

/* Begins with @text, which is edited. */
void top_prompt_init(TopPrompt *self, const char *label, const char *text);
void top_prompt_clear(TopPrompt *self);

/* @key as in top_keys.h. */
TopPromptOutcome top_prompt_take(TopPrompt *self, int key);
/* The same for what is pasted: a character is added, and no key does anything. */
void top_prompt_paste(TopPrompt *self, int key);
