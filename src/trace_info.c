/*
 * The trace's header and footer: see trace_info.h.
 */
#include "trace_info.h"

#include "version.h"

#include "debug/symbols.h"
#include "kvm/probe.h"

#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

enum { RANGES_MAX = MACHINE_PARTS_MAX * DEVICE_RANGES_MAX };

struct trace_info_made {
    struct trace_info info;
    struct text host, command;
    struct trace_range range[RANGES_MAX];
    struct event_symbol *symbol;
};

/* The processor's own name (CPUID leaves 0x80000002 to 4), without the spaces in front. */
static void cpu_brand(char brand[49])
{
    uint32_t words[12] = {0};
    for (unsigned i = 0; i < 3; i++)
        (void)__get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2],
                          &words[4 * i + 3]);
    memcpy(brand, words, 48);
    brand[48] = '\0';
    memmove(brand, brand + strspn(brand, " "), strlen(brand + strspn(brand, " ")) + 1);
}

static void host_describe(struct text *out)
{
    struct utsname u;
    char brand[49];
    cpu_brand(brand);
    if (uname(&u) == 0)
        text_addf(out, "%s %s %s, ", u.sysname, u.release, u.machine);
    text_add(out, brand);
}

static size_t ranges_collect(const struct machine *m, struct trace_range *out)
{
    size_t n = 0;
    for (size_t i = 1; i < m->device_count; i++) {
        for (unsigned k = 0; k < DEVICE_RANGES_MAX && m->part[i]->range[k].len; k++) {
            const struct device_range *r = &m->part[i]->range[k];
            out[n++] = (struct trace_range){r->space == SPACE_MMIO, (uint8_t)i, r->base, r->len};
        }
    }
    return n;
}

/* One name an address: the one that the debugger would say. */
static int symbols_collect(struct trace_info_made *i, const struct symbols *symbols, struct err *e)
{
    size_t n = 0;
    const struct symbol *row, *said;
    while (symbols_row(symbols, n))
        n++;
    if (!(i->symbol = calloc(n + 1, sizeof *i->symbol)))
        return err_sys(e, ENOMEM, "trace header");
    struct event_names *names = &i->info.names;
    for (size_t k = 0; (row = symbols_row(symbols, k)); k++) {
        uint64_t offset;
        said = symbols_at(symbols, row->addr, &offset);
        bool again = names->symbol_count && i->symbol[names->symbol_count - 1].addr == row->addr;
        if (said && offset == 0 && !again)
            i->symbol[names->symbol_count++] = (struct event_symbol){said->addr, said->len, said->name};
    }
    names->symbols = i->symbol;
    return 0;
}

struct trace_info_made *trace_info_make(const struct vm_settings *s, const struct machine *m,
                                        const struct image *image, const struct symbols *symbols, int argc,
                                        char **argv, struct err *e)
{
    struct trace_info_made *i = calloc(1, sizeof *i);
    struct timespec now;
    if (!i) {
        err_sys(e, ENOMEM, "trace header");
        return NULL;
    }
    host_describe(&i->host);
    text_add(&i->command, "ringside run");
    for (int k = 0; k < argc; k++)
        text_addf(&i->command, " %s", argv[k]);
    clock_gettime(CLOCK_REALTIME, &now);
    i->info = (struct trace_info){
        .program = "ringside " RINGSIDE_VERSION,
        .host = text_str(&i->host),
        .backend = probe_backend_guess(),
        .guest = s->image.path,
        .guest_sha256 = image->sha256,
        .command = text_str(&i->command),
        .clock = clock_name(s->machine.clock),
        .irqchip = s->machine.irqchip == IRQCHIP_USER ? "user" : "kernel",
        .mem_len = s->machine.mem_len,
        .start_unix_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
        .names = machine_event_names(m),
        .ranges = i->range,
        .range_count = ranges_collect(m, i->range),
    };
    if (symbols_collect(i, symbols, e)) {
        trace_info_free(i);
        return NULL;
    }
    return i;
}

const struct trace_info *trace_info_of(const struct trace_info_made *i)
{
    return &i->info;
}

void trace_info_free(struct trace_info_made *i)
{
    if (!i)
        return;
    text_fini(&i->host);
    text_fini(&i->command);
    free(i->symbol);
    free(i);
}

int trace_info_close(struct trace_writer *w, const struct run_result *r, const struct kvm_stat *stats,
                     size_t n, struct err *e)
{
    struct trace_counter *counters = calloc(n + 1, sizeof *counters);
    struct trace_end end = {.status = run_status_name(r->status),
                            .reason = r->reason,
                            .exit_code = r->exit_code,
                            .elapsed_ns = r->elapsed_ns,
                            .steps = r->steps,
                            .mode = r->mode,
                            .rip = r->rip,
                            .counters = counters};
    for (size_t i = 0; counters && i < n; i++)
        if (stats[i].value)
            counters[end.counter_count++] = (struct trace_counter){stats[i].name, stats[i].value};
    int rc = trace_close(w, &end, e);
    free(counters);
    return rc;
}
