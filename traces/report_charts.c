/*
 * The two charts of a report that are made here and not by Graphviz: the modes of each vCPU, and the exits
 * over time. Both are an SVG of a thousand units' width that is stretched to the page; what is written stands
 * in the HTML around it, so that it has the reader's size on a phone and on a projector alike.
 */
#include "traces/report.h"

#include <inttypes.h>

#define CHART_HEIGHT 200

static const char *const mode_titles[CPU_MODES + 1] = {"real", "protected", "compatibility", "long",
                                                       "not known"};
static const char *const mode_classes[CPU_MODES + 1] = {"m-real", "m-protected", "m-compat", "m-long",
                                                        "m-none"};

/* Where a bin and those up to `next` stand. The width is what is left between two rounded places: else hair
 * lines would show between neighbours. */
static void add_place(struct text *out, size_t bin, size_t next, size_t of)
{
    unsigned x = (unsigned)(bin * 100000 / of), width = (unsigned)(next * 100000 / of) - x;
    text_addf(out, "x=\"%u.%02u\" width=\"%u.%02u\"", x / 100, x % 100, width / 100, width % 100);
}

/* The scale below a chart: five places along it. */
static void add_scale(struct text *out, uint64_t from, uint64_t length, bool time)
{
    text_add(out, "<div class=\"scale\" aria-hidden=\"true\">");
    for (unsigned i = 0; i <= 4; i++) {
        uint64_t at = from + length / 4 * i + length % 4 * i / 4;
        text_add(out, "<span>");
        if (time)
            html_duration(out, at);
        else
            html_count(out, at);
        text_add(out, "</span>");
    }
    text_add(out, "</div>\n");
}

static void add_key(struct text *out, const char *class, const char *colour, const char *name)
{
    text_addf(out, "<li><span class=\"swatch %s\"", class);
    if (colour)
        text_addf(out, " style=\"background:%s\"", colour);
    text_add(out, "></span> ");
    html_add(out, name, HTML_NAME);
}

/* ---- modes
 * --------------------------------------------------------------------------------------------------- */

/* The rows of a bin as parts of its height; neighbours that are alike are one rectangle. */
static void add_strip(struct text *out, const struct series *s, const char *label)
{
    text_addf(out,
              "<svg class=\"strip\" viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" role=\"img\" "
              "aria-label=\"%s\">\n",
              label);
    for (size_t bin = 0, next; bin < s->used; bin = next) {
        uint64_t sum = series_bin(s, bin), y = 0;
        size_t only = 0;
        for (size_t row = 0; row <= CPU_MODES; row++)
            only = s->cell[bin][row] == sum ? row : only;
        bool pure = s->cell[bin][only] == sum && sum;
        next = bin + 1;
        while (pure && next < s->used && s->cell[next][only] == series_bin(s, next) && s->cell[next][only])
            next++;
        for (size_t row = 0; row <= CPU_MODES && sum; row++) {
            uint64_t height = s->cell[bin][row] / ((sum + 99) / 100) + (s->cell[bin][row] != 0);
            if (!s->cell[bin][row])
                continue;
            text_addf(out, "<rect class=\"%s\" ", mode_classes[row]);
            add_place(out, bin, next, s->used);
            text_addf(out, " y=\"%" PRIu64 "\" height=\"%" PRIu64 "\"><title>%s</title></rect>\n",
                      pure ? 0 : y, pure ? 100 : height, mode_titles[row]);
            y += height;
        }
    }
    text_add(out, "</svg>\n");
}

/* A legend that tells the numbers, for those who cannot see the strips. */
static void add_mode_key(struct text *out, const struct report_vcpu *v)
{
    uint64_t time = 0, exits = 0;
    for (size_t row = 0; row <= CPU_MODES; row++) {
        time += series_row(&v->time, row);
        exits += series_row(&v->by_exit, row);
    }
    text_add(out, "<ul class=\"key\">");
    for (size_t row = 0; row <= CPU_MODES; row++) {
        uint64_t here = series_row(&v->by_exit, row);
        if (!here)
            continue;
        add_key(out, mode_classes[row], NULL, mode_titles[row]);
        text_add(out, ": ");
        html_share(out, series_row(&v->time, row), time);
        text_add(out, " of the time, ");
        html_count(out, here);
        text_add(out, here == 1 ? " exit (" : " exits (");
        html_share(out, here, exits);
        text_add(out, ")</li>");
    }
    text_add(out, "</ul>\n");
}

static void add_vcpu(struct report *r, unsigned i)
{
    struct text *out = r->page;
    const struct report_vcpu *v = &r->vcpu[i];
    uint64_t length = v->left_ns > r->start_ns ? v->left_ns - r->start_ns : 0;
    text_addf(out, "<h3>vCPU %u</h3>\n<p class=\"axis\">over time</p>\n", i);
    add_strip(out, &v->time, "the modes of this vCPU over time");
    add_scale(out, r->start_ns, length, true);
    text_add(out, "<p class=\"axis\">exit by exit, each as wide as the next</p>\n");
    add_strip(out, &v->by_exit, "the modes of this vCPU, exit by exit");
    add_scale(out, 0, r->counted, false);
    add_mode_key(out, v);
    text_add(out, "<p class=\"note\">");
    html_count(out, v->changes);
    text_add(out, v->changes == 1 ? " change of mode.</p>\n" : " changes of mode.</p>\n");
}

int report_modes(struct report *r, struct err *e)
{
    struct text *out = r->page;
    (void)e;
    html_section_open(out, "modes", "Modes of the CPU");
    if (!r->counted)
        html_note(out, "There are no exits to tell a mode by.");
    for (unsigned i = 0; i < REPORT_VCPUS; i++)
        if (r->vcpu[i].seen)
            add_vcpu(r, i);
    if (r->other_vcpus)
        html_note(out, "%" PRIu64 " exits are of further vCPUs, which are not drawn.", r->other_vcpus);
    html_section_close(out);
    return 0;
}

/* ---- exits over time
 * ----------------------------------------------------------------------------------------- */

static uint64_t tallest(const struct series *s)
{
    uint64_t most = 0;
    for (size_t bin = 0; bin < s->used; bin++)
        most = series_bin(s, bin) > most ? series_bin(s, bin) : most;
    return most;
}

static void add_bars(struct report *r, uint64_t most)
{
    struct text *out = r->page;
    const struct series *s = &r->exits;
    text_addf(out,
              "<svg class=\"chart\" viewBox=\"0 0 1000 %d\" preserveAspectRatio=\"none\" role=\"img\" "
              "aria-label=\"exits over time, stacked by kind\">\n",
              CHART_HEIGHT);
    for (int y = 0; y <= CHART_HEIGHT; y += CHART_HEIGHT / 4)
        text_addf(out, "<line class=\"grid\" x1=\"0\" x2=\"1000\" y1=\"%d\" y2=\"%d\"/>\n", y, y);
    for (size_t bin = 0; bin < s->used; bin++) {
        double y = CHART_HEIGHT;
        for (size_t row = 0; row < SERIES_ROWS_MAX; row++) {
            double height = (double)s->cell[bin][row] / (double)most * CHART_HEIGHT;
            if (!s->cell[bin][row])
                continue;
            y -= height;
            text_addf(out, "<rect fill=\"%s\" ",
                      row < r->kind_count ? event_kind_info(r->kind[row])->colour : "#8a8a8a");
            add_place(out, bin, bin + 1, s->used);
            text_addf(out, " y=\"%d.%02d\" height=\"%d.%02d\"/>\n", (int)y, (int)(y * 100) % 100, (int)height,
                      (int)(height * 100) % 100);
        }
    }
    text_add(out, "</svg>\n");
}

int report_over_time(struct report *r, struct err *e)
{
    struct text *out = r->page;
    uint64_t most = tallest(&r->exits);
    (void)e;
    html_section_open(out, "time", "Exits over time");
    if (!most) {
        html_note(out, "There are no exits.");
        html_section_close(out);
        return 0;
    }
    text_add(out, "<p class=\"axis\">up to ");
    html_count(out, most);
    text_add(out, most == 1 ? " exit in each " : " exits in each ");
    html_duration(out, r->exits.width);
    text_add(out, "</p>\n");
    add_bars(r, most);
    add_scale(out, r->start_ns, r->exits.width * r->exits.used, true);
    text_add(out, "<ul class=\"key\">");
    for (size_t row = 0; row <= REPORT_KINDS; row++) {
        uint64_t here = series_row(&r->exits, row);
        const struct event_kind_info *info = row < r->kind_count ? event_kind_info(r->kind[row]) : NULL;
        if (!here)
            continue;
        add_key(out, "", info ? info->colour : "#8a8a8a", info ? info->name : "others");
        text_add(out, ": ");
        html_count(out, here);
        text_add(out, "</li>");
    }
    text_add(out, "</ul>\n");
    html_section_close(out);
    return 0;
}
