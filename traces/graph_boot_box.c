/*
 * The box of one stay in a mode: a heading in the mode's colour, then a line each for what is known, and the
 * console text as it looked on the console.
 */
#include "traces/graph_boot.h"

#include <stdlib.h>
#include <string.h>

/* Widths in points: an A4 page has 595, margins included. */
#define FACTS_WIDTH   170
#define CONSOLE_WIDTH 350
#define NAME_WIDTH    48
#define FACTS_CHARS   30
#define CONSOLE_CHARS 56
#define DEVICES_SHOWN 6

static const struct mode_row {
    const char *title, *meaning, *colour;
} mode_rows[CPU_MODES] = {
    [MODE_REAL] = {"real mode", "16-bit, segment × 16 + offset, no protection", "#E69F00"},
    [MODE_PROTECTED] = {"protected mode", "32-bit, segments from descriptors, rings", "#56B4E9"},
    [MODE_COMPAT] = {"compatibility mode", "32-bit code segment, long mode's paging", "#CC79A7"},
    [MODE_LONG] = {"long mode", "64-bit, four-level paging", "#009E73"},
};

const char *boot_mode_colour(const struct boot_stay *s)
{
    return s->mode_known ? mode_rows[s->mode].colour : "#888888";
}

/* ---- facts, left --------------------------------------------------------------------------------- */

static void row_add(struct text *out, const char *name, const struct text *words)
{
    if (!words->len)
        return;
    text_addf(out, "<TR><TD ALIGN=\"LEFT\" VALIGN=\"TOP\" WIDTH=\"%u\">", NAME_WIDTH);
    dot_font(out, 10, DOT_GREY);
    dot_add(out, name, FACTS_CHARS);
    dot_font_end(out);
    text_addf(out, "</TD><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" VALIGN=\"TOP\" WIDTH=\"%u\">", FACTS_WIDTH);
    dot_add_wrapped(out, text_str(words), FACTS_CHARS, 4, "<BR ALIGN=\"LEFT\"/>");
    text_add(out, "<BR ALIGN=\"LEFT\"/></TD></TR>");
    out->failed |= words->failed;
}

static void words_part(struct text *words, uint64_t n, const char *one, const char *many)
{
    if (!n)
        return;
    text_add(words, words->len ? " · " : "");
    dot_plural(words, n, one, many);
}

static void row_time(const struct boot_stay *s, struct text *out)
{
    struct text words = {0};
    text_add_ns(&words, s->guest_ns);
    text_add(&words, " guest · ");
    text_add_ns(&words, s->host_ns);
    text_add(&words, " host");
    row_add(out, "time", &words);
    text_clear(&words);
    words_part(&words, s->irqs, "interrupt", "interrupts");
    words_part(&words, s->assists, "assist", "assists");
    words_part(&words, s->steps, "single step", "single steps");
    row_add(out, "besides", &words);
    text_fini(&words);
}

static void row_devices(const struct boot *b, const struct boot_stay *s, struct text *out)
{
    struct text words = {0};
    bool told[256] = {false};
    uint64_t left = 0;
    for (unsigned n = 0;; n++) {
        unsigned most = 0;
        for (unsigned d = 1; d < 256; d++)
            if (!told[d] && s->touched[d] > (most ? s->touched[most] : 0))
                most = d;
        if (!most)
            break;
        told[most] = true;
        if (n >= DEVICES_SHOWN) {
            left++;
            continue;
        }
        text_add(&words, n ? " · " : "");
        class_device_name(&b->graph->info->names, most, &words);
        text_add(&words, "\u00a0");
        dot_count(&words, s->touched[most]);
    }
    words_part(&words, left, "more device", "more devices");
    words_part(&words, s->touched[0], "unclaimed access", "unclaimed accesses");
    row_add(out, "devices", &words);
    text_fini(&words);
}

static void row_post(const struct boot_stay *s, struct text *out)
{
    struct text words = {0};
    for (unsigned i = 0; i < BOOT_POST_MAX && i < s->post_count; i++)
        text_addf(&words, "%s%02x", i ? " " : "", s->post[i]);
    if (s->post_count > BOOT_POST_MAX) {
        text_add(&words, " … ");
        dot_count(&words, s->post_count - BOOT_POST_MAX);
        text_add(&words, " more");
    }
    row_add(out, "POST", &words);
    text_fini(&words);
}

static void row_marks(const struct boot *b, const struct boot_stay *s, struct text *out)
{
    const struct event_names *names = &b->graph->info->names;
    struct text words = {0};
    for (unsigned i = 0; i < BOOT_MARKS_MAX && i < s->mark_count; i++) {
        text_clear(&words);
        text_add(&words, s->marks[i] < names->mark_count ? names->marks[s->marks[i]] : "?");
        row_add(out, i ? "" : "marks", &words);
    }
    text_fini(&words);
}

static void box_facts(const struct boot *b, const struct boot_stay *s, struct text *out)
{
    text_add(out, "<TD VALIGN=\"TOP\" ALIGN=\"LEFT\"><TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
                  "CELLPADDING=\"2\">");
    row_time(s, out);
    row_post(s, out);
    row_devices(b, s, out);
    row_marks(b, s, out);
    text_add(out, "</TABLE></TD>");
}

/* ---- console, right ------------------------------------------------------------------------------ */

static void console_line_add(struct text *out, const char *line)
{
    dot_add_fixed(out, line, CONSOLE_CHARS);
    text_add(out, "<BR ALIGN=\"LEFT\"/>");
}

/* The first lines and the last one: how it began and how far it came. */
static void console_lines(const struct console *c, struct text *out)
{
    for (unsigned i = 0; i < CONSOLE_HEAD && i < c->lines; i++)
        console_line_add(out, c->head[i].text);
    if (c->lines > CONSOLE_HEAD + 1) {
        struct text more = {0};
        text_add(&more, "… ");
        dot_plural(&more, c->lines - CONSOLE_HEAD - 1, "more line", "more lines");
        console_line_add(out, text_str(&more));
        text_fini(&more);
    }
    if (c->lines > CONSOLE_HEAD)
        console_line_add(out, c->last.text);
}

static void box_console(const struct console *c, struct text *out)
{
    text_addf(out, "<TD VALIGN=\"TOP\" WIDTH=\"%u\">", CONSOLE_WIDTH);
    if (c->lines) {
        text_addf(
            out,
            "<TABLE BORDER=\"1\" COLOR=\"#c0c0c0\" BGCOLOR=\"white\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
            "CELLPADDING=\"5\"><TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" VALIGN=\"TOP\" WIDTH=\"%u\">"
            "<FONT FACE=\"" DOT_MONO "\" POINT-SIZE=\"10\">",
            CONSOLE_WIDTH);
        console_lines(c, out);
        text_add(out, "</FONT></TD></TR></TABLE>");
    }
    text_add(out, "</TD>");
}

/* ---- the box ------------------------------------------------------------------------------------- */

static void box_heading(const struct boot_stay *s, const char *title, struct text *out)
{
    struct dot_colour band = dot_lighten(boot_mode_colour(s), 45);
    text_addf(out,
              "<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" COLSPAN=\"2\" BGCOLOR=\"%s\" CELLPADDING=\"0\">"
              "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"5\"><TR>"
              "<TD ALIGN=\"LEFT\" WIDTH=\"%u\">",
              band.hex, NAME_WIDTH + FACTS_WIDTH);
    dot_font(out, 15, DOT_INK);
    text_addf(out, "<B>%s%s</B>", title, s->mode_known ? mode_rows[s->mode].title : "mode not known");
    dot_font_end(out);
    text_addf(out, "</TD><TD ALIGN=\"LEFT\" WIDTH=\"%u\">", CONSOLE_WIDTH - 110);
    dot_font(out, 10, "#2e2e2e");
    text_add(out, s->mode_known ? mode_rows[s->mode].meaning : "no event tells the CPU's state");
    dot_font_end(out);
    text_add(out, "</TD><TD ALIGN=\"RIGHT\" BALIGN=\"RIGHT\" WIDTH=\"120\">");
    dot_font(out, 13, DOT_INK);
    text_add(out, "<B>");
    dot_plural(out, s->exits, "exit", "exits");
    text_add(out, "</B>");
    dot_font_end(out);
    if (s->visits > 1) {
        text_add(out, "<BR ALIGN=\"RIGHT\"/>");
        dot_plural(out, s->visits, "stay", "stays");
    }
    text_add(out, "</TD></TR></TABLE></TD></TR>");
}

/* `real mode: 121 exits, 16900000 ns in the guest, 4000000 ns in Ringside; events 0 to 120` */
static void box_tip(const struct boot_stay *s, struct text *out)
{
    struct text tip = {0};
    text_addf(&tip, "%s: %" PRIu64 " exits, %" PRIu64 " ns in the guest, %" PRIu64 " ns in Ringside",
              s->mode_known ? mode_rows[s->mode].title : "mode not known", s->exits, s->guest_ns, s->host_ns);
    text_addf(&tip, "; events %" PRIu64 " to %" PRIu64, s->first.seq, s->last.seq);
    dot_tip(out, text_str(&tip));
    text_fini(&tip);
}

void boot_box(struct boot *b, const char *id, const struct boot_stay *s, const char *title)
{
    struct text *out = b->graph->dot;
    struct dot_colour line = dot_darken(boot_mode_colour(s), 20), fill = dot_lighten(boot_mode_colour(s), 92);
    text_addf(out, "%s [group=path", id);
    box_tip(s, out);
    dot_link_picture(b->graph);
    text_addf(out,
              ", label=<<TABLE BORDER=\"2\" COLOR=\"%s\" BGCOLOR=\"%s\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
              "CELLPADDING=\"4\">",
              line.hex, fill.hex);
    box_heading(s, title, out);
    text_add(out, "<TR>");
    box_facts(b, s, out);
    box_console(&s->console, out);
    text_add(out, "</TR></TABLE>>];\n");
}
