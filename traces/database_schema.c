/*
 * The schema of `trace export --format sqlite`.  One row an event, numbers as they are, with names in tables
 * of their own (the third normal form); the views put the names back and answer the usual questions.
 *
 * SQLite's integers are signed and have 64 bits: an address above 0x7fff_ffff_ffff_ffff is stored as the
 * negative number of the same bits. printf('0x%x', rip), as the views use it, shows it as the guest knows it,
 * and comparing for equality works; only < and > put the upper half of the address space first.
 *
 * Indexes are made after the rows: sorting once is much faster than inserting in order. There is none by
 * host_ns, which would take as long as all others together; the slowest ten are found by looking at each row
 * once.
 */
#include "traces/database.h"

const char database_tables[] =
    "CREATE TABLE run ("
    " id INTEGER PRIMARY KEY CHECK (id = 1), program TEXT, host TEXT, backend TEXT, guest TEXT, guest_sha256 "
    "TEXT,"
    " command TEXT, clock TEXT, irqchip TEXT, mem_len INTEGER, start_unix_ns INTEGER, status TEXT, reason "
    "TEXT,"
    " exit_code INTEGER, elapsed_ns INTEGER, steps INTEGER, end_mode INTEGER REFERENCES modes(id), end_rip "
    "INTEGER,"
    " whole INTEGER NOT NULL, problem TEXT, events INTEGER NOT NULL);"
    "CREATE TABLE kinds ("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL, constant TEXT, meaning TEXT, is_exit INTEGER NOT NULL);"
    "CREATE TABLE modes (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    "CREATE TABLE assists (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    "CREATE TABLE devices (id INTEGER PRIMARY KEY, name TEXT NOT NULL, summary TEXT);"
    "CREATE TABLE registers ("
    " device INTEGER NOT NULL REFERENCES devices(id), id INTEGER NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY (device, id)) WITHOUT ROWID;"
    "CREATE TABLE ranges ("
    " id INTEGER PRIMARY KEY, device INTEGER REFERENCES devices(id), space TEXT NOT NULL CHECK (space IN "
    "('port', 'mmio')),"
    " base INTEGER NOT NULL, len INTEGER NOT NULL);"
    "CREATE TABLE symbols (id INTEGER PRIMARY KEY, addr INTEGER NOT NULL, len INTEGER NOT NULL, name TEXT "
    "NOT NULL);"
    "CREATE TABLE changes ("
    " event INTEGER NOT NULL REFERENCES events(id), reg TEXT NOT NULL, value INTEGER NOT NULL,"
    " PRIMARY KEY (event, reg)) WITHOUT ROWID;"
    "CREATE TABLE counters (id INTEGER PRIMARY KEY, name TEXT NOT NULL, value INTEGER NOT NULL);"
    "CREATE TABLE marks (id INTEGER PRIMARY KEY, event INTEGER NOT NULL REFERENCES events(id), text TEXT NOT "
    "NULL);";

const char database_indexes[] = "CREATE INDEX events_time ON events(t_ns);"
                                "CREATE INDEX events_kind ON events(kind);"
                                "CREATE INDEX events_device ON events(device) WHERE device IS NOT NULL;"
                                "CREATE INDEX events_place ON events(rip) WHERE rip IS NOT NULL;"
                                "CREATE INDEX marks_event ON marks(event);"
                                "CREATE INDEX symbols_addr ON symbols(addr);";

#define EXITS "events e JOIN kinds k ON k.id = e.kind AND k.is_exit"
#define SHARE "round(100.0 * count(*) / (SELECT count(*) FROM " EXITS "), 2) AS percent"
#define TIMES                                                                                                \
    "sum(host_ns) AS host_ns, min(host_ns) AS host_min, CAST(avg(host_ns) AS INTEGER) AS host_avg,"          \
    " max(host_ns) AS host_max, sum(guest_ns) AS guest_ns"
#define LINEAR "(CASE e.mode WHEN 0 THEN e.cs * 16 + e.rip ELSE e.rip END)"
#define PLACE  "CASE WHEN s.id IS NULL THEN NULL ELSE s.name || printf('+0x%x', " LINEAR " - s.addr) END"
#define HEX(a) "CASE WHEN e." a " IS NULL THEN NULL ELSE printf('0x%x', e." a ") END"

const char database_views[] =
    "CREATE VIEW timeline AS SELECT e.id, e.seq, e.t_ns, e.t_ns / 1e9 AS t_s, e.vcpu, m.name AS mode, e.cpl,"
    " " HEX(
        "rip") " AS rip, " PLACE
               " AS place, k.name AS kind, d.name AS device, r.name AS reg, e.dir, e.size, e.count,"
               " " HEX("addr") " AS addr, " HEX(
                   "value") " AS value, a.name AS assist, e.host_ns, e.guest_ns, mk.text AS mark"
                            " FROM events e JOIN kinds k ON k.id = e.kind LEFT JOIN modes m ON m.id = e.mode"
                            " LEFT JOIN devices d ON d.id = e.device LEFT JOIN registers r ON r.device = "
                            "e.device AND r.id = e.reg"
                            " LEFT JOIN symbols s ON s.id = e.symbol LEFT JOIN marks mk ON mk.event = e.id"
                            " LEFT JOIN assists a ON k.name = 'assist' AND a.id = e.detail ORDER BY e.id;"

                            "CREATE VIEW exits_by_kind AS SELECT k.name AS kind, count(*) AS exits, " SHARE
                            ", " TIMES ", k.meaning"
                            " FROM " EXITS " GROUP BY e.kind ORDER BY exits DESC, kind;"

                            "CREATE VIEW exits_by_device AS SELECT coalesce(d.name, 'none') AS device, "
                            "count(*) AS exits, " SHARE ","
                            " sum(e.dir IS 'in') AS reads, sum(e.dir IS 'out') AS writes, " TIMES
                            " FROM " EXITS " LEFT JOIN devices d ON d.id = e.device GROUP BY e.device ORDER "
                            "BY exits DESC, device;"

                            "CREATE VIEW exits_by_register AS SELECT d.name AS device, r.name AS reg, e.dir, "
                            "count(*) AS exits, " SHARE ", " TIMES " FROM " EXITS
                            " JOIN devices d ON d.id = e.device LEFT JOIN registers r ON r.device = e.device "
                            "AND r.id = e.reg"
                            " GROUP BY e.device, e.reg, e.dir ORDER BY exits DESC, e.device, e.reg, e.dir;"

                            "CREATE VIEW exits_by_place AS SELECT m.name AS mode, e.cs, " HEX(
                                "rip") " AS rip, " PLACE " AS place,"
                                       " count(*) AS exits, " SHARE ", " TIMES " FROM " EXITS
                                       " LEFT JOIN modes m ON m.id = e.mode"
                                       " LEFT JOIN symbols s ON s.id = e.symbol WHERE e.rip IS NOT NULL"
                                       " GROUP BY e.rip, e.cs, e.mode ORDER BY exits DESC, e.mode, e.cs, "
                                       "e.rip;"

                                       "CREATE VIEW slowest AS SELECT e.host_ns, e.seq, e.t_ns, k.name AS "
                                       "kind, d.name AS device, r.name AS reg, e.dir,"
                                       " " HEX("addr") " AS addr, " HEX("value") " AS value, " HEX(
                                           "rip") " AS rip, " PLACE " AS place"
                                                  " FROM " EXITS " LEFT JOIN devices d ON d.id = e.device"
                                                  " LEFT JOIN registers r ON r.device = e.device AND r.id = "
                                                  "e.reg LEFT JOIN symbols s ON s.id = e.symbol"
                                                  " ORDER BY e.host_ns DESC, e.id;";
