"""The page of `trace report` in a browser: nothing goes wrong in it, it asks the net for nothing, it fits a phone and a
projector, sorts and filters by mouse and by keyboard, is readable without scripts, and prints."""

import os
import struct
import sys
import zlib

import browser
from common import GALLERY, check, done, good, make

program = browser.find()
if not program:
    print("no Chromium is installed")
    sys.exit(77)


def pixels(png):
    """Width, height and the rows of an 8-bit RGB or RGBA picture, filters undone (PNG specification, "Filtering")."""
    at, data, width, height, depth = 8, b"", 0, 0, 4
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", body[:10])
            depth = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            data += body
        at += 12 + length
    data, stride, before, rows = zlib.decompress(data), width * depth, bytearray(width * depth), []
    for y in range(height):
        kind, row = data[y * (stride + 1)], bytearray(data[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left = row[i - depth] if i >= depth else 0
            above, corner = before[i], before[i - depth] if i >= depth else 0
            if kind == 1:
                row[i] = row[i] + left & 255
            elif kind == 2:
                row[i] = row[i] + above & 255
            elif kind == 3:
                row[i] = row[i] + (left + above) // 2 & 255
            elif kind == 4:
                guess = left + above - corner
                near = min((abs(guess - left), 0, left), (abs(guess - above), 1, above), (abs(guess - corner), 2, corner))
                row[i] = row[i] + near[2] & 255
        rows.append(bytes(row))
        before = row
    return width, height, depth, rows


def check_picture(name, png, dark, width):
    got, height, depth, rows = pixels(png)
    colours = {row[i:i + 3] for row in rows[::3] for i in range(0, len(row), depth * 5)}
    corner = rows[2][:3]
    check("%s: as wide as the screen" % name, got == width and height >= 600)
    check("%s: not blank" % name, len(colours) > 20)
    check("%s: %s paper" % (name, "dark" if dark else "light"), (max(corner) < 90) == dark)


def column(page, table, index):
    return page.ask("[...document.querySelectorAll('#t-%s tbody tr')].filter((r) => !r.hidden)"
                    ".map((r) => r.cells[%d].dataset.v ?? r.cells[%d].textContent.trim())" % (table, index, index))


def aria(page, table, index):
    return page.ask("document.querySelectorAll('#t-%s th')[%d].getAttribute('aria-sort')" % (table, index))


def click(page, table, index):
    page.ask("document.querySelectorAll('#t-%s th button')[%d].click()" % (table, index))


def check_sizes(page, name):
    for width, height in ((390, 800), (1280, 700), (1920, 620)):
        for dark in (False, True):
            page.open(name + ".html", width, height, dark)
            what = "%s at %d, %s" % (name, width, "dark" if dark else "light")
            check("%s: no errors: %s" % (what, page.said), not page.said)
            check("%s: nothing from elsewhere: %s" % (what, page.asked),
                  not [url for url in page.asked if not url.startswith(("file:", "data:"))] and
                  len([url for url in page.asked if url.startswith("file:")]) == 1)
            check("%s: not wider than the screen" % what, page.ask("document.documentElement.scrollWidth") <= width)
            if name == "boot64" or (width == 1280 and not dark):
                check_picture(what, page.picture(whole=False), dark, width)


def check_sorting(page):
    page.open("boot64.html")
    address = column(page, "places", 0)
    click(page, "places", 5)
    exits = [int(n) for n in column(page, "places", 5)]
    check("numbers: the first click puts the most first", exits == sorted(exits, reverse=True) and len(set(exits)) > 1)
    check("aria-sort says descending", aria(page, "places", 5) == "descending")
    click(page, "places", 5)
    exits = [int(n) for n in column(page, "places", 5)]
    check("the second click turns it round", exits == sorted(exits) and aria(page, "places", 5) == "ascending")
    click(page, "places", 0)
    check("addresses sort as numbers", column(page, "places", 0) == sorted(address))
    check("only one column is the sorted one", [aria(page, "places", i) for i in (0, 5)] == ["ascending", "none"])
    page.ask("document.querySelectorAll('#t-slowest th button')[1].focus()")
    page.key("Enter", "\r")
    events = [int(n) for n in column(page, "slowest", 1)]
    check("the keyboard sorts as well", events == sorted(events, reverse=True))
    page.key("Tab")
    check("tab goes to the next title",
          page.ask("document.activeElement === document.querySelectorAll('#t-slowest th button')[2]"))
    check("and shows where it is", page.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid")


def check_filter(page):
    page.open("boot64.html")
    all_rows = len(column(page, "places", 0))
    page.ask("document.getElementById('f-places').focus()")
    page.type("POST real")
    left = column(page, "places", 4)
    check("a filter keeps rows with all its words", left and set(left) == {"post.CODE"} and len(left) < all_rows)
    check("and says how many", page.ask("document.querySelector('output[for=f-places]').textContent") ==
          "%d of %d rows" % (len(left), all_rows))
    page.type(" <nothing>")
    check("words that are nowhere leave none", column(page, "places", 4) == [])
    page.key("Escape")
    check("Escape brings all back", len(column(page, "places", 0)) == all_rows)
    page.ask("document.querySelector('.full').click()")
    check("a picture opens in full size", page.ask("document.querySelector('.full').getAttribute('aria-pressed')") == "true")


def check_rest(page):
    page.open("boot64.html", scripts=False)
    check("without scripts: no filter that does nothing", page.ask("1") == 1 and
          page.ask("[...document.querySelectorAll('.tools')].every((t) => t.offsetHeight === 0)"))
    check("without scripts: the tables are there", len(column(page, "places", 0)) > 5)
    check_picture("without scripts", page.picture(whole=False), False, 1280)
    page.open("hostile.html")
    check("hostile: nothing ran: %s" % page.said, not page.said)
    check("hostile: the name is the title", "alert('guest')" in page.ask("document.querySelector('h1').textContent"))
    page.ask("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.got = 1'}))")
    check("a script that got in would not run", page.ask("window.got") is None)
    page.open("boot64.html")
    check("it prints", page.pdf().startswith(b"%PDF") and len(page.pdf()) > 20000)


for stem in ("empty", "hostile"):
    make(stem, stem + ".rst")
make("cut", "cut.rst", "500")
make("loop", "loop.rst", "100000")
for stem, trace in (("boot64", GALLERY), ("empty", "empty.rst"), ("hostile", "hostile.rst"), ("cut", "cut.rst"),
                    ("loop", "loop.rst")):
    good("report", "-o", stem + ".html", trace)
screen = browser.Browser(program)
try:
    for stem in ("boot64", "empty", "hostile", "cut", "loop"):
        check_sizes(screen, stem)
    check_sorting(screen)
    check_filter(screen)
    check_rest(screen)
finally:
    screen.close()
done()
