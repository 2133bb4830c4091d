/*
 * Recording a frame: see frame_record in frame.h. Tests draw their screens from such files.
 */
#include "monitor/model/frame.h"

#include "debug/symbols.h"

#include <errno.h>
#include <stdio.h>

enum { SYMBOLS_RECORDED_MAX = 4096 };

static void add_symbols(const struct symbols *symbols, struct text *out)
{
    const struct symbol *s;
    for (size_t i = 0; i < SYMBOLS_RECORDED_MAX && (s = symbols_row(symbols, i)); i++) {
        struct text part = {0};
        fields_put_varint(&part, s->addr);
        fields_put_varint(&part, s->len);
        fields_put_varint(&part, s->function);
        fields_put_string(&part, s->name);
        fields_add_bytes(out, FRAME_SYMBOL, &part);
        text_fini(&part);
    }
}

int frame_record(const char *path, const struct text *frame, const struct symbols *symbols, struct err *e)
{
    struct text names = {0};
    add_symbols(symbols, &names);
    FILE *f = fopen(path, "we");
    bool whole = f && !names.failed && fwrite(text_str(frame), 1, frame->len, f) == frame->len &&
                 fwrite(text_str(&names), 1, names.len, f) == names.len;
    int code = errno;
    if (f && fclose(f) != 0) {
        code = errno;
        whole = false;
    }
    text_fini(&names);
    return whole ? 0 : err_sys(e, code, "record %s", path);
}
