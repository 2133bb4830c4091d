#!/usr/bin/env python3
"""Reads a Ringside trace and prints it as `ringside trace export --format jsonl` does.

Written from docs/trace-format.md alone, on purpose: it proves that the page is enough to write a reader from. It
shares no code and no table with Ringside. Python's standard library only; zstd frames are unpacked by libzstd, found
with ctypes, or else by the zstd command.

    trace_reader.py [--regs|--tables] FILE.rst

Prints the events of all whole chunks. With --regs, a line for each step follows instead of the events: its number and
all registers after it; with --tables, each copy of the guest's page tables: a line for its registers, one for each table,
and one for each entry that is not 0. Exit status 0: the file is whole; 1: it is not, and stderr says why; 2: it
cannot be read at all.
"""

import ctypes
import ctypes.util
import subprocess
import sys

MAGIC = b"\x89RST\r\n\x1a\n"
RAW_MAX = 1 << 20
STRING_MAX = 8192
WORD64 = (1 << 64) - 1
MODES = ("real", "protected", "compat", "long")
ASSISTS = (
    "none int int3 into stac clac popcnt cmpxchg16b rdtscp xgetbv xsetbv fxsave fxrstor xsave xrstor fninit "
    "ldmxcsr stmxcsr iretd lar lsl verr verw invpcid crc32"
).split()
KIND_ASSIST, KIND_STEP, KIND_MARK = 192, 194, 195
REGS = (
    "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip rflags cr0 cr2 cr3 cr4 cr8 efer "
    "fs_base gs_base es cs ss ds fs gs"
).split()
REG_RIP, REG_CS = REGS.index("rip"), REGS.index("cs")
SHAPE = ("kind", "device", "reg", "vcpu", "dir", "size", "flags", "mode_cpl")
MEMBERS = SHAPE + ("seq", "time_ns", "rip", "addr", "value", "guest_ns", "host_ns", "count", "cs", "detail")
FLAGS = ((1, "string"), (2, "rip_next"), (4, "unclaimed"), (8, "stepped"))


class Damaged(Exception):
    """What was read so far is good; what comes now is not."""


def crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


CRC_TABLE = crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def unzstd(data, raw_len):
    name = ctypes.util.find_library("zstd")
    if name:
        lib = ctypes.CDLL(name)
        lib.ZSTD_decompress.restype = ctypes.c_size_t
        lib.ZSTD_decompress.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t)
        out = ctypes.create_string_buffer(raw_len)
        n = lib.ZSTD_decompress(out, raw_len, data, len(data))
        raw = out.raw if n == raw_len else b""
    else:
        raw = subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=False).stdout
    if len(raw) != raw_len:
        raise Damaged("its compressed bytes are damaged")
    return raw


class Cursor:
    """A walk through bytes that never leaves them."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        if n > self.left():
            raise Damaged("its payload ends too early")
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, n):
        return int.from_bytes(self.take(n), "little")

    def varint(self):
        value = 0
        for i in range(10):
            byte = self.number(1)
            value |= (byte & 0x7F) << 7 * i
            if byte < 0x80:
                if value > WORD64:
                    break
                return value
        raise Damaged("a number does not fit 64 bits")

    def difference(self):
        z = self.varint()
        return -(z >> 1) - 1 if z & 1 else z >> 1

    def string(self):
        return clean(self.take(self.varint()))


def clean(data):
    """The string that these bytes are: '?' for controls and for bytes that are not UTF-8, at most STRING_MAX bytes."""
    out, used, at = [], 0, 0
    while at < len(data):
        for n in (1, 2, 3, 4):
            try:
                char = data[at : at + n].decode("utf-8")
                break
            except UnicodeDecodeError:
                pass
        else:
            char, n = "?", 1
        if ord(char[0]) < 0x20 or ord(char[0]) == 0x7F:
            char, n = "?", 1
        elif 0x80 <= ord(char[0]) <= 0x9F:
            char, n = "??", 2
        if used + n > STRING_MAX:
            break
        out.append(char)
        used += n
        at += n
    return "".join(out)


def chunks(data):
    """The chunks of the file as (type, payload, offset, length), up to the first that is not right."""
    at, number = 16, 0
    while at < len(data):
        head = Cursor(data[at : at + 24])
        if len(head.data) < 24:
            raise Damaged("cut off inside chunk %d at byte %d" % (number, at))
        kind, flags, stored, raw, found, crc = [head.take(4)] + [head.number(4) for _ in range(5)]
        where = "chunk %d at byte %d: " % (number, at)
        if flags & ~1 or raw > RAW_MAX or (stored >= raw if flags & 1 else stored != raw):
            raise Damaged(where + "impossible length or flags")
        payload = data[at + 24 : at + 24 + stored]
        if len(payload) < stored:
            raise Damaged("cut off inside chunk %d at byte %d" % (number, at))
        if crc != crc32c(data[at : at + 20] + payload):
            raise Damaged(where + "wrong checksum")
        if found != number:
            raise Damaged(where + "out of order")
        if flags & 1 and kind in (b"HEAD", b"EVTS", b"REGS", b"PTBL", b"FOOT"):
            payload = unzstd(payload, raw)
        yield kind, payload, at, 24 + stored
        at += 24 + stored
        number += 1


def fields(payload):
    cursor = Cursor(payload)
    while cursor.left():
        number = cursor.varint()
        yield number, Cursor(cursor.take(cursor.varint()))


class Header:
    def __init__(self, payload):
        self.kinds = {}
        self.devices = []
        for number, part in fields(payload):
            if number == 11:
                kind = part.varint()
                self.kinds[kind] = part.string()
            elif number == 12:
                name, _, count = part.string(), part.string(), part.varint()
                if count > 255:
                    raise Damaged("too many registers")
                self.devices.append((name, [part.string() for _ in range(count)]))

    def device(self, event):
        if 0 < event["device"] < len(self.devices):
            return self.devices[event["device"]]
        return "", []


class Events:
    """Decodes event chunks; numbers the marks of the whole file."""

    def __init__(self):
        self.marks = []
        self.count = 0

    def decode(self, payload):
        cursor = Cursor(payload)
        count, seq_due, base = cursor.number(4), cursor.number(8), cursor.number(8)
        slots = [dict.fromkeys(MEMBERS, 0) for _ in range(64)]
        last, left = 0, [base] * 256
        if count < 1:
            raise Damaged("a chunk without events")
        for _ in range(count):
            slot, event = self.one(cursor, slots, last, seq_due, left)
            slots[slot] = event
            last = slot
            seq_due = event["seq"] + 1 & WORD64
            if event["guest_ns"] or event["host_ns"]:
                left[event["vcpu"]] = event["time_ns"] + event["host_ns"] & WORD64
            shown = dict(event)
            if event["kind"] == KIND_MARK:
                shown["addr"] = len(self.marks)
                self.marks.append(cursor.string())
            self.count += 1
            yield shown
        if cursor.left():
            raise Damaged("bytes after the events")

    @staticmethod
    def one(cursor, slots, last, seq_due, left):
        tag = cursor.number(1)
        more = cursor.number(1) if tag & 0x80 else 0
        slot = tag & 0x3F
        event = dict(slots[last if more & 1 else slot])
        event["guest_ns"] += cursor.difference()
        event["host_ns"] += cursor.difference()
        if tag & 0x40:
            event["value"] ^= cursor.varint()
        if more & 2:
            event["rip"] = event["rip"] + cursor.difference() & WORD64
        if more & 4:
            event["addr"] = event["addr"] + cursor.difference() & WORD64
        if more & 8:
            mask = cursor.number(1)
            for bit, member in enumerate(SHAPE):
                if mask & 1 << bit:
                    event[member] = cursor.number(1)
            if mask & 0x80:
                event["cs"] = cursor.number(2)
        if more & 16:
            event["count"] = cursor.varint()
        if more & 32:
            event["detail"] = cursor.varint()
        for member, bits in (("guest_ns", 32), ("host_ns", 32), ("count", 32), ("detail", 16)):
            if not 0 <= event[member] < 1 << bits:
                raise Damaged("%s does not fit" % member)
        event["seq"] = seq_due + (cursor.difference() if more & 64 else 0) & WORD64
        time_due = left[event["vcpu"]] + event["guest_ns"]
        event["time_ns"] = time_due + (cursor.difference() if more & 128 else 0) & WORD64
        return slot, event


class Registers:
    """Decodes register chunks, step by step beside their events."""

    def __init__(self, payload):
        cursor = Cursor(payload)
        self.steps, masks_len = cursor.number(4), cursor.number(4)
        self.now = {}
        count = cursor.varint()
        if count > 256:
            raise Damaged("too many vCPUs")
        for _ in range(count):
            vcpu = cursor.number(1)
            self.now[vcpu] = [cursor.varint() for _ in REGS]
        self.masks = Cursor(cursor.take(masks_len))
        self.values = Cursor(cursor.take(cursor.left()))
        self.slots = {}

    def step(self, event):
        """All registers after this step, and the numbers of those it changed."""
        if self.steps == 0:
            raise Damaged("more steps than registers")
        self.steps -= 1
        known = event["vcpu"] in self.now
        before = list(self.now.get(event["vcpu"], [0] * len(REGS)))
        before[REG_RIP], before[REG_CS] = event["rip"], event["cs"]
        number = (event["rip"] ^ event["rip"] >> 10) % 1024
        slot = self.slots.get(number)
        if slot is None or slot["rip"] != event["rip"]:
            slot = {"rip": event["rip"], "missed": 0, "touched": 0, "stride": [0] * (REG_RIP + 1), "after": None}
            self.slots[number] = slot
        mask = self.masks.varint() ^ slot["missed"]
        if mask >> 32:
            raise Damaged("a mask does not fit 32 bits")
        slot["missed"] = mask
        after = []
        for i in range(len(REGS)):
            reference = slot["after"][i] if slot["touched"] >> i & 1 else before[i]
            if mask >> i & 1:
                value = reference + self.values.difference() if i <= REG_RIP else reference ^ self.values.varint()
            else:
                value = before[i] + slot["stride"][i] if i <= REG_RIP else reference
            after.append(value & WORD64)
        changed = [i for i in range(len(REGS)) if after[i] != before[i]]
        slot["stride"] = [after[i] - before[i] for i in range(REG_RIP + 1)]
        for i in changed:
            slot["touched"] |= 1 << i
        slot["after"] = self.now[event["vcpu"]] = after
        return after, changed if known else range(len(REGS))

    def end(self):
        if self.steps or self.masks.left() or self.values.left():
            raise Damaged("more registers than steps")


class Tables:
    """Decodes copies of page tables (chunks PTBL)."""

    def decode(self, payload):
        """Lines for a copy."""
        place, tables = None, []
        for number, part in fields(payload):
            if number != 1 and place is None:
                raise Damaged("page tables do not begin with their registers")
            if number == 1:
                if place:
                    raise Damaged("page tables have their registers twice")
                place = [part.varint() for _ in range(9)]
                if place[1] > 255 or place[6] > 255:
                    raise Damaged("page tables have impossible registers")
                place[7] &= 15  # the flags of this version
                scheme = self.scheme(place[2], place[4], place[5])
                self.last = self.stride = gpa = 0
            elif number == 2:
                self.memory(part)
            elif number == 3:
                gpa = gpa + part.difference() & WORD64
                tables.append(self.table(part, scheme, gpa))
        if place is None or len(tables) > 512:
            raise Damaged("page tables without registers, or too many")
        return ["tables %d %d %#x %#x %#x %#x %d %d %d" % tuple(place)] + [line for lines in tables for line in lines]

    @staticmethod
    def scheme(cr0, cr4, efer):
        """Number of levels, bytes of an entry, entries of the top table; None while paging is off."""
        if not cr0 & 1 << 31:
            return None
        if not cr4 & 1 << 5:
            return 2, 4, 1024
        if not efer & 1 << 10:
            return 3, 8, 4
        return (5 if cr4 & 1 << 12 else 4), 8, 512

    @staticmethod
    def memory(part):
        end = regions = 0
        while part.left():
            gap, length = part.varint(), part.varint() >> 1
            end += gap + length
            regions += 1
            if gap >> 40 or length >> 40 or end >> 40 or regions > 32:
                raise Damaged("an impossible memory")

    def table(self, part, scheme, gpa):
        level, backed = part.varint(), part.varint()
        if scheme is None or not 1 <= level <= scheme[0] or backed > 1:
            raise Damaged("an impossible table")
        width = scheme[1]
        count = scheme[2] if level == scheme[0] else 4096 // width
        if gpa >> 52 or gpa % (count * width):
            raise Damaged("a table where none can be")
        lines, index, mask = ["table %d %#x %d" % (level, gpa, backed)], 0, (1 << 8 * width) - 1
        while backed and part.left():
            head = part.varint()
            kind, n = head & 3, head >> 2
            if n < 1 or n > count - index:
                raise Damaged("a table's entries cannot be decoded")
            if kind:
                first = self.last + self.stride + part.difference()
                if kind == 3:
                    self.stride = part.difference()
                step = self.stride if kind > 1 else 0
                for i in range(n):
                    self.last = first + i * step & mask
                    if self.last:
                        lines.append("entry %d %#x" % (index + i, self.last))
            index += n
        return lines


def quoted(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def json_line(event, header, marks, step):
    device, regs = header.device(event)
    moved = event["dir"] in (1, 2)
    out = ['"%s":%d' % (k, event[m]) for k, m in (("seq", "seq"), ("t_ns", "time_ns"), ("vcpu", "vcpu"))]

    def add(key, value, there=True):
        if there:
            out.append('"%s":%s' % (key, value))

    known = not event["flags"] & 64
    add("rip", '"%#x"' % event["rip"], known)
    add("cs", event["cs"], known)
    add("mode", quoted(MODES[event["mode_cpl"] & 3]), known)
    add("cpl", event["mode_cpl"] >> 4 & 3, known)
    add("kind", quoted(header.kinds.get(event["kind"], "unknown")))
    add("device", quoted(device), device)
    reg = regs[event["reg"]] if event["reg"] < len(regs) and event["reg"] != 255 else ""
    add("reg", quoted(reg), reg)
    add("dir", quoted(("", "in", "out")[event["dir"]] if moved else ""), moved)
    add("size", event["size"], event["size"])
    add("count", event["count"], moved or event["count"] > 1)
    add("addr", '"%#x"' % event["addr"], event["flags"] & 32)
    add("value", '"%#x"' % event["value"], event["flags"] & 16)
    add("host_ns", event["host_ns"])
    add("guest_ns", event["guest_ns"])
    if event["kind"] == KIND_ASSIST:
        add("assist", quoted(ASSISTS[event["detail"]] if event["detail"] < len(ASSISTS) else "?"))
    add("detail", event["detail"], event["detail"])
    flags = [quoted(name) for flag, name in FLAGS if event["flags"] & flag]
    add("flags", "[%s]" % ",".join(flags), flags)
    if event["kind"] == KIND_MARK:
        add("text", quoted(marks[event["addr"]]), marks[event["addr"]])
    if step:
        after, changed = step
        add("regs", "{%s}" % ",".join('"%s":"%#x"' % (REGS[i], after[i]) for i in changed), len(changed))
    return "{%s}\n" % ",".join(out)


def check_footer(payload, at, length, file_len, count):
    if len(payload) < 4 or int.from_bytes(payload[-4:], "little") != length:
        raise Damaged("the footer does not end in its own length")
    for number, part in fields(payload[:-4]):
        if number == 8 and part.varint() != count:
            raise Damaged("the footer speaks of another number of events")
    if at + length != file_len:
        raise Damaged("bytes after the footer")


def regs_line(event, after):
    values = " ".join("%s=%#x" % pair for pair in zip(REGS, after))
    return "%d vcpu=%d %s\n" % (event["seq"], event["vcpu"], values)


def print_events(events, payload, regs, header, out, only):
    for event in events.decode(payload):
        step = regs.step(event) if regs and event["kind"] == KIND_STEP else None
        if not only:
            out.write(json_line(event, header, events.marks, step).encode("utf-8"))
        elif step and only == "--regs":
            out.write(regs_line(event, step[0]).encode("utf-8"))
    if regs:
        regs.end()


def read(data, out, only):
    """Prints the events of `data`, or the registers or page tables; raises Damaged where they end too early."""
    events, header, regs, tables = Events(), None, None, Tables()
    for kind, payload, at, length in chunks(data):
        if header is None:
            if kind != b"HEAD":
                raise Damaged("no header")
            header = Header(payload)
        elif kind == b"HEAD":
            raise Damaged("a second header")
        elif kind == b"EVTS":
            print_events(events, payload, regs, header, out, only)
        elif kind == b"PTBL":
            lines = tables.decode(payload)
            if only == "--tables":
                out.write("".join(line + "\n" for line in lines).encode("utf-8"))
        elif kind == b"FOOT":
            check_footer(payload, at, length, len(data), events.count)
            return
        regs = Registers(payload) if kind == b"REGS" else None
    raise Damaged("no footer")


def main(argv):
    only = argv[1] if argv[1:2] in (["--regs"], ["--tables"]) else None
    if only:
        del argv[1]
    if len(argv) != 2:
        sys.stderr.write("usage: trace_reader.py [--regs|--tables] FILE.rst\n")
        return 2
    try:
        with open(argv[1], "rb") as file:
            data = file.read()
    except OSError as why:
        sys.stderr.write("%s: %s\n" % (argv[1], why.strerror))
        return 2
    if data[:8] != MAGIC or crc32c(data[:12]) != int.from_bytes(data[12:16], "little"):
        sys.stderr.write("%s: not a trace\n" % argv[1])
        return 2
    if int.from_bytes(data[8:10], "little") != 1:
        sys.stderr.write("%s: a version this reader does not know\n" % argv[1])
        return 2
    try:
        read(data, sys.stdout.buffer, only)
    except Damaged as why:
        sys.stdout.buffer.flush()
        sys.stderr.write("%s: not whole: %s\n" % (argv[1], why))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
