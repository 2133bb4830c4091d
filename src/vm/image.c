/*
 * The one door for images: opens the file, finds its format in the table below, lets that row's loader place
 * it, and says what came of it.  Called by the run, shell and monitor commands before the first vCPU starts.
 * Recognition looks at the first 8 KiB only and goes down the table; flat, which takes anything, comes last.
 */
#include "vm/image_load.h"

#include <string.h>

struct format_row {
    enum image_format format;
    const char *name;
    bool (*recognise)(const struct image_source *s); /* NULL = any file */
    int (*load)(struct image_loader *l, struct err *e);
    int (*inform)(struct image_loader *l, struct err *e); /* what the guest is told; NULL = nothing */
    bool takes_place;                                     /* --mode and --at */
    bool takes_args;                                      /* --cmdline and --module */
};

static const struct format_row formats[] = {
    {IMAGE_MULTIBOOT, "multiboot", image_multiboot_recognise, image_multiboot_load, image_multiboot_info,
     false, true},
    {IMAGE_ELF, "elf", image_elf_recognise, image_elf_load, NULL, false, false},
    {IMAGE_FLAT, "flat", NULL, image_flat_load, NULL, true, false},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

const char *image_format_name(enum image_format f)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (formats[i].format == f)
            return formats[i].name;
    return f == IMAGE_AUTO ? "auto" : "?";
}

int image_format_find(const char *name)
{
    for (int f = IMAGE_AUTO; f < IMAGE_FORMAT_COUNT; f++)
        if (strcmp(name, image_format_name((enum image_format)f)) == 0)
            return f;
    return -1;
}

static const struct format_row *format_choose(const struct image_loader *l)
{
    const struct format_row *row = formats;
    if (l->rq->format != IMAGE_AUTO) {
        while (row->format != l->rq->format && row < formats + FORMATS - 1)
            row++;
        return row;
    }
    while (row->recognise && !row->recognise(&l->source))
        row++;
    return row;
}

static int options_check(const struct image_request *rq, const struct format_row *row, struct err *e)
{
    if (!row->takes_place && (rq->mode != IMAGE_NO_MODE || rq->at != IMAGE_NO_ADDR))
        return err_set(
            e,
            "is of format %s, which says itself where and how it starts: --mode and --at are for flat "
            "images (--format flat takes it as one)",
            row->name);
    if (!row->takes_args && rq->cmdline && rq->cmdline[0])
        return err_set(e, "is of format %s, which takes no command line: --cmdline is for Multiboot",
                       row->name);
    if (!row->takes_args && rq->module_count > 0)
        return err_set(e, "is of format %s, which takes no modules: --module is for Multiboot", row->name);
    if (rq->module_count > IMAGE_MODULES_MAX)
        return err_set(e, "%zu modules: at most %d", rq->module_count, IMAGE_MODULES_MAX);
    return 0;
}

static void extent_note(const struct image_loader *l, struct image *out)
{
    out->load_gpa = UINT64_MAX;
    for (size_t i = 0; i < l->claim_count; i++) {
        const struct image_claim *c = &l->claim[i];
        if (c->gpa < out->load_gpa)
            out->load_gpa = c->gpa;
        if (c->gpa + c->len > out->load_end_gpa)
            out->load_end_gpa = c->gpa + c->len;
    }
}

static int format_load(struct image_loader *l, struct image *out, struct err *e)
{
    const struct format_row *row = format_choose(l);
    *out = (struct image){.format = row->format, .file_len = l->source.len};
    if (options_check(l->rq, row, e) < 0 || row->load(l, e) < 0)
        return -1;
    extent_note(l, out);
    if (row->inform && row->inform(l, e) < 0)
        return -1;
    out->start = l->start;
    return image_source_sha256(&l->source, out->sha256, e);
}

int image_load(const struct image_request *rq, struct guest_memory *m, struct image *out, struct err *e)
{
    struct image_loader l = {.rq = rq, .m = m};
    if (image_source_open(&l.source, rq->path, e) < 0)
        return err_wrap(e, "%s", rq->path);
    int rc = format_load(&l, out, e);
    image_source_close(&l.source);
    return rc < 0 ? err_wrap(e, "%s", rq->path) : 0;
}
