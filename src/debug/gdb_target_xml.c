/*
 * target.xml and the memory map: see gdb_target.h.  gdb shows a register as its type says: a number, an
 * address, a vector, or the names of the flags that are set, which is what makes `p $eflags` and
 * `p $cr0` readable.  (The gdb manual, "Target Description Format", "Predefined Target Types"; Intel SDM,
 * "EFLAGS Register", "Control Registers", "Extended Feature Enable Register", "MXCSR Control and Status
 * Register".)
 */
#include "debug/gdb_target.h"

#include <inttypes.h>
#include <string.h>

#define FLAGS_MAX 32

/* A flags type and the feature that it stands in. */
struct flags_type {
    const char *feature, *id;
    unsigned len;
    struct {
        const char *name;
        unsigned bit;
    } flag[FLAGS_MAX];
};

static const struct flags_type flags_types[] = {
    {"org.gnu.gdb.i386.core",
     "i386_eflags",
     4,
     {{"CF", 0},
      {"", 1},
      {"PF", 2},
      {"AF", 4},
      {"ZF", 6},
      {"SF", 7},
      {"TF", 8},
      {"IF", 9},
      {"DF", 10},
      {"OF", 11},
      {"NT", 14},
      {"RF", 16},
      {"VM", 17},
      {"AC", 18},
      {"VIF", 19},
      {"VIP", 20},
      {"ID", 21}}},
    {"org.gnu.gdb.i386.sse",
     "i386_mxcsr",
     4,
     {{"IE", 0},
      {"DE", 1},
      {"ZE", 2},
      {"OE", 3},
      {"UE", 4},
      {"PE", 5},
      {"DAZ", 6},
      {"IM", 7},
      {"DM", 8},
      {"ZM", 9},
      {"OM", 10},
      {"UM", 11},
      {"PM", 12},
      {"FZ", 15}}},
    {"org.ringside.system",
     "x86_cr0",
     8,
     {{"PE", 0},
      {"MP", 1},
      {"EM", 2},
      {"TS", 3},
      {"ET", 4},
      {"NE", 5},
      {"WP", 16},
      {"AM", 18},
      {"NW", 29},
      {"CD", 30},
      {"PG", 31}}},
    {"org.ringside.system", "x86_cr4", 8, {{"VME", 0},    {"PVI", 1},   {"TSD", 2},    {"DE", 3},
                                           {"PSE", 4},    {"PAE", 5},   {"MCE", 6},    {"PGE", 7},
                                           {"PCE", 8},    {"FXSR", 9},  {"XMM", 10},   {"UMIP", 11},
                                           {"LA57", 12},  {"VMXE", 13}, {"FSGSB", 16}, {"PCID", 17},
                                           {"XSAVE", 18}, {"SMEP", 20}, {"SMAP", 21},  {"PKE", 22}}},
    {"org.ringside.system", "x86_efer", 8, {{"SCE", 0}, {"LME", 8}, {"LMA", 10}, {"NXE", 11}, {"SVME", 12}}},
};

static void flags_write(const struct flags_type *t, struct text *out)
{
    text_addf(out, "<flags id=\"%s\" size=\"%u\">\n", t->id, t->len);
    for (size_t i = 0; i < FLAGS_MAX && t->flag[i].name; i++)
        text_addf(out, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>\n", t->flag[i].name, t->flag[i].bit,
                  t->flag[i].bit);
    text_add(out, "</flags>\n");
}

/* The ways to look at 128 bits. */
static const struct {
    const char *id, *type, *field;
    unsigned count;
} vectors[] = {
    {"v4f", "ieee_single", "v4_float", 4}, {"v2d", "ieee_double", "v2_double", 2},
    {"v16i8", "int8", "v16_int8", 16},     {"v8i16", "int16", "v8_int16", 8},
    {"v4i32", "int32", "v4_int32", 4},     {"v2i64", "int64", "v2_int64", 2},
};
enum { VECTORS = sizeof vectors / sizeof vectors[0] };

static void vectors_write(struct text *out)
{
    for (size_t i = 0; i < VECTORS; i++)
        text_addf(out, "<vector id=\"%s\" type=\"%s\" count=\"%u\"/>\n", vectors[i].id, vectors[i].type,
                  vectors[i].count);
    text_add(out, "<union id=\"vec128\">\n");
    for (size_t i = 0; i < VECTORS; i++)
        text_addf(out, "<field name=\"%s\" type=\"%s\"/>\n", vectors[i].field, vectors[i].id);
    text_add(out, "<field name=\"uint128\" type=\"uint128\"/>\n</union>\n");
}

static void feature_begin(const char *feature, struct text *out)
{
    text_addf(out, "<feature name=\"%s\">\n", feature);
    for (size_t i = 0; i < sizeof flags_types / sizeof flags_types[0]; i++)
        if (strcmp(flags_types[i].feature, feature) == 0)
            flags_write(&flags_types[i], out);
    if (strcmp(feature, "org.gnu.gdb.i386.sse") == 0)
        vectors_write(out);
}

void gdb_target_xml(struct text *out)
{
    text_add(out, "<?xml version=\"1.0\"?>\n"
                  "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
                  "<target version=\"1.0\">\n"
                  "<architecture>i386:x86-64</architecture>\n"
                  "<osabi>none</osabi>\n");
    const char *feature = NULL;
    const struct gdb_register *r;
    for (size_t i = 0; (r = gdb_register(i)); i++) {
        if (!feature || strcmp(feature, r->feature) != 0) {
            if (feature)
                text_add(out, "</feature>\n");
            feature = r->feature;
            feature_begin(feature, out);
        }
        text_addf(out, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" group=\"%s\"/>\n", r->name, r->bits,
                  r->type, r->group);
    }
    text_add(out, "</feature>\n</target>\n");
}

/* [from, to) as one element; `to` 0 is the end of the address space. */
static void stretch_write(const char *type, uint64_t from, uint64_t to, struct text *out)
{
    if (from != to)
        text_addf(out, "<memory type=\"%s\" start=\"0x%" PRIx64 "\" length=\"0x%" PRIx64 "\"/>\n", type, from,
                  to - from);
}

void gdb_memory_map(const struct guest_memory *m, struct text *out)
{
    text_add(out, "<?xml version=\"1.0\"?>\n"
                  "<!DOCTYPE memory-map PUBLIC \"+//IDN gnu.org//DTD GDB Memory Map V1.0//EN\" "
                  "\"http://sourceware.org/gdb/gdb-memory-map.dtd\">\n"
                  "<memory-map>\n");
    uint64_t ram_from = 0;
    for (size_t i = 0; i < m->region_count; i++)
        if (m->region[i].read_only) {
            stretch_write("ram", ram_from, m->region[i].gpa, out);
            ram_from = m->region[i].gpa + m->region[i].len;
            stretch_write("rom", m->region[i].gpa, ram_from, out);
        }
    if (ram_from == 0) { /* no ROM: 2^64 bytes are more than one element can say */
        ram_from = 1ull << 63;
        stretch_write("ram", 0, ram_from, out);
    }
    stretch_write("ram", ram_from, 0, out);
    text_add(out, "</memory-map>\n");
}
