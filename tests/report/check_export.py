"""Exports as their readers see them."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
from collections import Counter
from decimal import Decimal

from common import GALLERY, RINGSIDE, check, done, good, make, refused, run

KEYS = ("seq t_ns vcpu rip cs mode cpl kind device reg dir size count addr value host_ns guest_ns assist detail flags "
        "text regs").split()


def export(trace, form, path=None):
    return good("export", "--format", form, *(["-o", path] if path else []), trace)


def check_csv(trace):
    """The same cells as jsonl has values, in as many columns as there are keys."""
    objects = [json.loads(line) for line in export(trace, "jsonl").splitlines()]
    data = export(trace, "csv").decode()
    rows = list(csv.reader(io.StringIO(data, newline=""), strict=True))
    check("csv: the keys", rows[0] == KEYS)
    check("csv: a row an event", len(rows) == len(objects) + 1)
    check("csv: as many columns everywhere", {len(row) for row in rows} == {len(KEYS)})
    check("csv: lines end as RFC 4180 wants", data.count("\r\n") == len(rows) and data.replace("\r\n", "").count("\n") == 0)
    for number, (row, thing) in enumerate(zip(rows[1:], objects)):
        for key, cell in zip(KEYS, row):
            value = thing.get(key, "")
            if key == "flags":
                value = " ".join(value)
            elif key == "regs":
                value = " ".join("%s=%s" % pair for pair in value.items()) if value else ""
            if str(value) != cell:
                check("csv: row %d, %s: %r is not %r" % (number, key, cell, value), False)
                return


def signed(text):
    number = int(text, 16)
    return number - (1 << 64) if number >> 63 else number


def check_sqlite(trace, name):
    """Every event is there with its values, nothing refers to what is not there, the views add up."""
    export(trace, "sqlite", name)
    base = sqlite3.connect(name)
    objects = [json.loads(line) for line in export(trace, "jsonl").splitlines()]
    ask = lambda sql: base.execute(sql).fetchall()
    check("sqlite: foreign keys hold", ask("PRAGMA foreign_key_check") == [])
    check("sqlite: the file is sound", ask("PRAGMA integrity_check") == [("ok",)])
    check("sqlite: a version", ask("PRAGMA user_version") == [(1,)])
    rows = ask("SELECT e.seq, e.t_ns, e.vcpu, k.name, d.name, e.reg, e.dir, e.rip, e.addr, e.value, e.host_ns, e.guest_ns "
               "FROM events e JOIN kinds k ON k.id = e.kind LEFT JOIN devices d ON d.id = e.device ORDER BY e.id")
    check("sqlite: a row an event", len(rows) == len(objects))
    for row, thing in zip(rows, objects):
        hexes = [signed(thing[key]) if key in thing else None for key in ("rip", "addr", "value")]
        if (list(row[:3]) != [thing["seq"], thing["t_ns"], thing["vcpu"]] or row[3] != thing["kind"]
                or row[4] != thing.get("device") or (row[5] is None) != ("reg" not in thing) or row[6] != thing.get("dir")
                or list(row[7:10]) != hexes or list(row[10:]) != [thing["host_ns"], thing["guest_ns"]]):
            check("sqlite: %r is not %r" % (row, thing), False)
            break
    shown = ask("SELECT seq, rip, addr, value, reg FROM timeline")
    check("sqlite: the timeline shows addresses as the guest knows them", shown == [
        (o["seq"], o.get("rip"), o.get("addr"), o.get("value"), o.get("reg")) for o in objects])
    exits = ask("SELECT count(*) FROM events WHERE kind IN (SELECT id FROM kinds WHERE is_exit)")[0][0]
    for view in ("exits_by_kind", "exits_by_device"):
        check("sqlite: %s adds up" % view, (ask("SELECT sum(exits) FROM " + view)[0][0] or 0) == exits)
    kinds = Counter(o["kind"] for o in objects if o["kind"] not in ("irq", "step", "mark", "unknown"))
    told = {k: n for k, n in ask("SELECT kind, exits FROM exits_by_kind") if k != "unknown"}
    check("sqlite: as many of each kind", told == dict(kinds))
    slow = ask("SELECT host_ns FROM slowest LIMIT 5")
    check("sqlite: the slowest come first", slow == sorted(slow, reverse=True))
    check("sqlite: the marks", ask("SELECT count(*) FROM marks")[0][0] == sum(o["kind"] == "mark" for o in objects))
    steps = [(o["seq"], reg, signed(value)) for o in objects for reg, value in o.get("regs", {}).items()]
    check("sqlite: what steps changed", sorted(steps) == sorted(
        ask("SELECT e.seq, c.reg, c.value FROM changes c JOIN events e ON e.id = c.event")))
    check("sqlite: one run", ask("SELECT count(*), events FROM run") == [(1, len(objects))])
    places = ask("SELECT sum(exits) FROM exits_by_place")[0][0] or 0
    check("sqlite: places", places <= exits)
    check("sqlite: registers", all(r[0] for r in ask("SELECT exits FROM exits_by_register")))
    base.close()


def nested(slices):
    """No two slices of a track cross."""
    open_until = []
    for start, length in sorted(slices, key=lambda s: (s[0], -s[1])):
        while open_until and open_until[-1] <= start:
            open_until.pop()
        if open_until and start + length > open_until[-1]:
            return False
        open_until.append(start + length)
    return True


def check_perfetto(trace, name, exits):
    export(trace, "perfetto", name)
    with open(name, encoding="utf-8") as file:
        whole = json.load(file, parse_float=Decimal)
    events = whole["traceEvents"]
    named = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    processes = {e["pid"] for e in events if e["name"] == "process_name"}
    tracks = {}
    for e in events:
        if e["ph"] == "X":
            tracks.setdefault((e["pid"], e["tid"]), []).append((Decimal(e["ts"]), Decimal(e["dur"])))
        check_phase = e["ph"] in "MXiCsf" and isinstance(e["name"], str)
        if not check_phase:
            check("perfetto: %r" % e, False)
            return
    check("perfetto: every track has a name", set(tracks) <= set(named))
    check("perfetto: every process has one", {e["pid"] for e in events} <= processes)
    for track, slices in tracks.items():
        check("perfetto: slices of %s are nested" % named.get(track), nested(slices))
    check("perfetto: an exit a slice", sum(e["pid"] == 2 and e["ph"] == "X" for e in events) == exits)
    check("perfetto: a counter ends at 0", not exits or [e for e in events if e["ph"] == "C"][-1]["args"]["exits/s"] == 0)
    return events


def check_perfetto_loop(events):
    kinds = Counter((e["pid"], e["name"]) for e in events if e["ph"] == "X")
    check("perfetto: three modes", all(kinds[(10, mode)] == 1 for mode in ("real", "protected", "long")))
    check("perfetto: each interrupt until its end", kinds[(3, "in service")] == 300)
    check("perfetto: each line until its injection", kinds[(3, "waiting")] == 300)
    arrows = [(e["ph"], e["id"], e["tid"], e["ts"]) for e in events if e["ph"] in "sf"]
    ends = {phase: [(number, track, at) for p, number, track, at in arrows if p == phase] for phase in "sf"}
    check("perfetto: an arrow from each to its service", len(ends["s"]) == len(ends["f"]) == 300 and all(
        s[0] == f[0] and s[1] != f[1] and f[2] - s[2] == Decimal("0.250") for s, f in zip(ends["s"], ends["f"])))
    check("perfetto: the mark", any(e["ph"] == "i" and e["name"] == "fifty" for e in events))
    times = [Decimal(e["ts"]) for e in events if e["pid"] == 2 and e["ph"] == "X"]
    check("perfetto: nanoseconds are kept", any(t % 1 for t in times))
    first = next(e for e in events if e["pid"] == 2 and e["ph"] == "X")
    check("perfetto: µs", Decimal(first["ts"]) == Decimal("1.000") and Decimal(first["dur"]) == Decimal("0.500"))


def check_files():
    """A file is there whole or not at all, and nothing is overwritten that may not be."""
    for form in ("jsonl", "csv", "perfetto", "dot"):
        refused("No space left", "export", "--format", form, "-o", "/dev/full", "loop.rst")
        with open("/dev/full", "w", encoding="ascii") as full:
            refused("No space left", "export", "--format", form, "loop.rst", out=full)
        refused("No such file", "export", "--format", form, "-o", "nowhere/x", "loop.rst")
        refused("is a trace", "export", "--format", form, "-o", "empty.rst", "loop.rst")
    refused("standard output", "export", "--format", "sqlite", "loop.rst")
    refused("standard output", "export", "--format", "sqlite", "-o", "-", "loop.rst")
    refused("regular file", "export", "--format", "sqlite", "-o", "/dev/full", "loop.rst")
    refused("did you mean sqlite", "export", "--format", "sqlit", "loop.rst")
    with open("mine.db", "w", encoding="ascii") as file:
        file.write("mine")
    refused("--force", "export", "--format", "sqlite", "-o", "mine.db", "loop.rst")
    with open("mine.db", encoding="ascii") as file:
        check("a file of somebody else is left alone", file.read() == "mine")
    good("export", "--format", "sqlite", "--force", "-o", "mine.db", "loop.rst")
    good("export", "--format", "sqlite", "-o", "mine.db", "loop.rst")
    refused("is a trace", "export", "--format", "sqlite", "--force", "-o", "empty.rst", "loop.rst")
    os.symlink("mine.csv", "link.csv")
    with open("mine.csv", "w", encoding="ascii"):
        os.chmod("mine.csv", 0o600)
    good("export", "--format", "csv", "-o", "link.csv", "loop.rst")
    check("a link stays one", os.path.islink("link.csv") and os.path.getsize("mine.csv") > 1000)
    check("and who may read it stays", os.stat("mine.csv").st_mode & 0o777 == 0o600)
    check("no temporary file is left", not [n for n in os.listdir(".") if n.endswith(".part")])


def check_limits():
    """A file size limit is a disk that is full; ^C is a user who has seen enough."""
    for form in ("csv", "sqlite", "perfetto"):
        words = "ulimit -f 64; exec '%s' trace export --format %s -o limited loop100.rst" % (RINGSIDE, form)
        result = subprocess.run(["sh", "-c", words], stderr=subprocess.PIPE, timeout=100)
        check("%s: a limit is one line" % form, result.returncode == 126 and result.stderr.count(b"\n") == 1)
        check("%s: and no file" % form, not os.path.exists("limited"))
    child = subprocess.Popen([RINGSIDE, "trace", "export", "--format", "sqlite", "-o", "stopped.db", "loop100.rst"],
                             stderr=subprocess.PIPE)
    while child.poll() is None and not [n for n in os.listdir(".") if n.endswith(".part")]:
        pass
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=100)
    check("^C: nothing is left", not [n for n in os.listdir(".") if n.endswith(".part")])
    check("^C: it ended so, or was done", child.returncode in (-signal.SIGINT, 0))
    check("^C: no half database", child.returncode == 0 or not os.path.exists("stopped.db"))
    pipe = subprocess.Popen([RINGSIDE, "trace", "export", "--format", "csv", "loop100.rst"], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    pipe.stdout.readline()
    pipe.stdout.close()
    said = pipe.stderr.read()
    pipe.wait(timeout=100)
    check("a closed pipe ends it without a word", said == b"" and pipe.returncode == -signal.SIGPIPE)


make("loop", "loop.rst", "3000")
make("loop", "loop100.rst", "100000")
make("empty", "empty.rst")
make("hostile", "hostile.rst")
make("cut", "cut.rst", "500")
make("steps", "steps.rst", "200")
for rst, count in (("loop.rst", 3000), ("empty.rst", 0), ("hostile.rst", None), ("cut.rst", 500), ("steps.rst", 0), (GALLERY, None)):
    stem = os.path.basename(rst)
    check_csv(rst)
    check_sqlite(rst, stem + ".db")
    if count is None:
        count = sum(json.loads(line)["kind"] not in ("irq", "step", "mark", "unknown")
                    for line in export(rst, "jsonl").splitlines())
    if rst == "hostile.rst":
        export(rst, "perfetto", "hostile.json")
        with open("hostile.json", encoding="utf-8") as file:
            text = file.read()
        count = sum(e["pid"] == 2 and e["ph"] == "X" for e in json.loads(text)["traceEvents"])
    found = check_perfetto(rst, stem + ".json", count)
    if rst == "loop.rst":
        check_perfetto_loop(found)
check("a filter narrows", len(good("export", "--format", "csv", "--where", "device == pic0", "loop.rst").splitlines()) == 301)
dot = good("export", "--format", "dot", "loop.rst")
check("dot is what graph writes, without links", dot.startswith(b"digraph") and dot == good("graph", "--docs", "", "loop.rst"))
check("an incomplete trace is said", b"incomplete" in run("export", "--format", "csv", "cut.rst").stderr)
check_files()
check_limits()
done()
