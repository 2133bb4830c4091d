/*
 * The numbers that writer and reader of a trace file share; docs/trace-format.md explains them, byte by byte.
 * They are fixed for ever: a change that an old reader cannot skip needs a new major version.
 */
#ifndef RINGSIDE_TRACES_FORMAT_H
#define RINGSIDE_TRACES_FORMAT_H

/* The file starts with a preamble of 16 bytes: magic, major and minor version, CRC-32C of these twelve. The
 * first byte is not ASCII, then come a CR LF pair, a control-Z and a lone LF, so that whatever mangles text
 * is caught. */
#define TRACE_MAGIC        "\x89RST\r\n\x1a\n"
#define TRACE_MAGIC_LEN    8
#define TRACE_MAJOR        1
#define TRACE_MINOR        1 /* 1: chunks of registers and of page tables */
#define TRACE_PREAMBLE_LEN 16

/* Every chunk starts with 24 bytes: type, flags, stored length, raw length, chunk number, CRC-32C of these
 * twenty and of the stored payload. */
#define CHUNK_HEAD_LEN 24
#define CHUNK_TYPE_LEN 4
#define CHUNK_CRC_AT   20
#define CHUNK_ZSTD     1u         /* flag: the payload is one zstd frame */
#define CHUNK_RAW_MAX  (1u << 20) /* no payload is longer before compression */

#define CHUNK_HEAD   "HEAD" /* the run: fields */
#define CHUNK_EVENTS "EVTS" /* events, decodable without any other chunk */
#define CHUNK_REGS   "REGS" /* the registers of the steps in the event chunk behind it */
#define CHUNK_FOOT   "FOOT" /* how it ended: fields, then the length of this chunk */
#define CHUNK_TABLES "PTBL" /* page tables at a point: fields */

/* An event chunk's payload starts with count (4 bytes), sequence number due (8) and time base (8). */
#define EVENTS_HEAD_LEN 20
/* A register chunk's starts with the number of steps (4 bytes) and the length of the column of masks (4). */
#define REGS_HEAD_LEN 8
#define FOOT_TAIL_LEN 4

/* Fields of the header chunk. */
enum head_field {
    HEAD_PROGRAM = 1,
    HEAD_HOST = 2,
    HEAD_BACKEND = 3,
    HEAD_GUEST = 4,
    HEAD_GUEST_SHA256 = 5,
    HEAD_COMMAND = 6,
    HEAD_CLOCK = 7,
    HEAD_IRQCHIP = 8,
    HEAD_MEM_LEN = 9,
    HEAD_START_UNIX_NS = 10,
    HEAD_KIND = 11,
    HEAD_DEVICE = 12,
    HEAD_RANGE = 13,
    HEAD_SYMBOL = 14,
};

/* Fields of the footer. */
enum foot_field {
    FOOT_STATUS = 1,
    FOOT_REASON = 2,
    FOOT_EXIT_CODE = 3,
    FOOT_ELAPSED_NS = 4,
    FOOT_STEPS = 5,
    FOOT_MODE = 6,
    FOOT_RIP = 7,
    FOOT_EVENTS = 8,
    FOOT_COUNTER = 9,
    FOOT_INDEX = 10,
};

/* Fields of a chunk of page tables, and flags in the first. */
enum tables_field {
    TABLES_PLACE = 1,
    TABLES_MEMORY = 2,
    TABLES_TABLE = 3,
};
enum { TABLES_NO_1GIB = 1, TABLES_TRUNCATED = 2, TABLES_AT_END = 4, TABLES_A20_OFF = 8 };
enum { TABLES_ROOM = 512 }; /* for the first two fields */

/* Bounds on what a reader believes, and a writer writes. */
#define TRACE_STRING_MAX   8192 /* bytes of a string */
#define TRACE_DEVICES_MAX  256
#define TRACE_REGS_MAX     255
#define TRACE_RANGES_MAX   4096
#define TRACE_SYMBOLS_MAX  16384
#define TRACE_NAMES_MAX    (512 << 10) /* bytes of symbols that a writer puts into a header */
#define TRACE_COUNTERS_MAX 1024
#define TRACE_INDEX_MAX                                                                                      \
    4096 /* entries of the index; longer runs index every second chunk, then every fourth … */

/* Bits of an event's first byte (the low six are its slot) and of the second, when there is one. */
#define EVENT_SLOTS       64
#define TAG_VALUE         0x40
#define TAG_MORE          0x80
#define MORE_NEW          0x01
#define MORE_RIP          0x02
#define MORE_ADDR         0x04
#define MORE_SHAPE        0x08
#define MORE_COUNT        0x10
#define MORE_DETAIL       0x20
#define MORE_SEQ          0x40
#define MORE_TIME         0x80
#define SHAPE_MODE_CS     0x80 /* of the shape mask: mode_cpl, and cs with it */
#define EVENT_CODED_MAX   128  /* no coded event is longer, its mark's text not counted */
#define EVENT_CODED_LEAST 3    /* and none shorter */

#endif
