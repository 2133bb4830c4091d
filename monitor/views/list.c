/*
 * Lists: see view.h.
 */
#include "monitor/views/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void list_show(struct list *l, size_t at, int h)
{
    size_t rows = h > 0 ? (size_t)h : 1;
    l->at = at;
    if (at < l->top)
        l->top = at;
    else if (at - l->top >= rows)
        l->top = at - rows + 1;
}

void list_fit(struct list *l, size_t count, int h)
{
    size_t rows = h > 0 ? (size_t)h : 1;
    l->count = count;
    if (l->follow || l->at >= count)
        l->at = count ? count - 1 : 0;
    if (l->follow || l->top + rows > count)
        l->top = count > rows ? count - rows : 0;
    list_show(l, l->at, h);
}

static void list_move(struct list *l, int h, long by)
{
    size_t last = l->count ? l->count - 1 : 0;
    size_t at = by < 0 ? (l->at < (size_t)-by ? 0 : l->at - (size_t)-by)
                       : (last - l->at < (size_t)by ? last : l->at + (size_t)by);
    list_show(l, at, h);
}

/* The wheel moves what is seen, and the selection only as far as it must. */
static void list_scroll(struct list *l, int h, long by)
{
    size_t rows = h > 0 ? (size_t)h : 1, most = l->count > rows ? l->count - rows : 0;
    l->top = by < 0 ? (l->top < (size_t)-by ? 0 : l->top - (size_t)-by)
                    : (most - l->top < (size_t)by ? most : l->top + (size_t)by);
    if (l->at < l->top)
        l->at = l->top;
    else if (l->at - l->top >= rows)
        l->at = l->top + rows - 1;
}

bool list_act(struct list *l, int h, const char *verb, const char *args)
{
    static const struct {
        const char *verb;
        int rows, pages;
    } moves[] = {{"up", -1, 0},       {"down", 1, 0},       {"page-up", 0, -1},
                 {"page-down", 0, 1}, {"top", 0, -1000000}, {"bottom", 0, 1000000}};
    bool tail = l->follow || l->at + 1 >= l->count;
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (strcmp(verb, moves[i].verb) != 0)
            continue;
        list_move(l, h, (long)moves[i].rows + (long)moves[i].pages * (h > 1 ? h - 1 : 1));
        if (tail && l->at + 1 < l->count)
            l->follow = false;
        return true;
    }
    if (strcmp(verb, "scroll") == 0) {
        list_scroll(l, h, strtol(args, NULL, 10));
        l->follow = false;
        return true;
    }
    if (strcmp(verb, "select") != 0)
        return false;
    size_t row = l->top + strtoul(args, NULL, 10);
    if (row < l->count)
        list_show(l, row, h);
    return true;
}

bool list_act_below(struct list *l, int h, int head, const char *verb, const char *args)
{
    char row[24];
    if (strcmp(verb, "select") != 0)
        return list_act(l, h, verb, args);
    long at = strtol(args, NULL, 10) - head;
    if (at < 0 || at >= h)
        return true;
    snprintf(row, sizeof row, "%ld", at);
    return list_act(l, h, verb, row);
}

bool list_search(struct list *l, int h, const char *text, bool back,
                 bool (*row_has)(const void *ctx, size_t row, const char *text), const void *ctx)
{
    for (size_t i = 1; i <= l->count; i++) {
        size_t row = back ? (l->at + l->count - i) % l->count : (l->at + i) % l->count;
        if (row_has(ctx, row, text)) {
            l->follow = false;
            list_show(l, row, h);
            return true;
        }
    }
    return false;
}
