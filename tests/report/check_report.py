"""The page of `trace report` as HTML: well nested, self-contained, and nothing that a trace says becomes markup."""

import html.parser
import os
import re

from common import GALLERY, check, done, good, make, refused, run

VOID = {"meta", "link", "input", "br", "hr", "img"}
DRAWING = {"svg", "g", "path", "polygon", "polyline", "ellipse", "circle", "rect", "line", "text", "tspan", "title", "defs",
           "lineargradient", "radialgradient", "stop"}
PAGE = {"html", "head", "meta", "link", "title", "style", "body", "a", "header", "p", "h1", "h2", "h3", "strong", "dl", "div",
        "dt", "dd", "code", "nav", "ul", "li", "main", "section", "span", "label", "input", "output", "table", "caption",
        "thead", "tbody", "tr", "th", "td", "button", "figure", "figcaption", "article", "footer", "script"}


class Page(html.parser.HTMLParser):
    """Walks a page and keeps what the checks ask for."""

    def __init__(self, data):
        super().__init__(convert_charrefs=True)
        self.path, self.wrong, self.ids, self.links = [], [], [], []
        self.scripts, self.tables, self.text, self.tags, self.policy = 0, [], [], set(), ""
        self.rows = None
        self.feed(data)
        self.close()
        if self.path:
            self.wrong.append("left open: %s" % self.path)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        if tag not in (DRAWING if "svg" in self.path or tag == "svg" else PAGE):
            self.wrong.append("an element <%s>" % tag)
        for name, value in attrs:
            if name.startswith("on"):
                self.wrong.append("%s on <%s>" % (name, tag))
            if name in ("href", "src", "xlink:href"):
                self.links.append(value)
            if re.search(r"url\((?!#)|javascript:|https?:|expression", value or "") and name != "content":
                self.wrong.append("%s=%s" % (name, value))
        if "id" in given:
            self.ids.append(given["id"])
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        self.scripts += tag == "script"
        if tag == "table":
            self.tables.append({"id": given.get("id"), "head": 0, "sorts": 0, "buttons": 0, "rows": []})
        elif tag == "th" and self.tables:
            self.tables[-1]["head"] += 1
            self.tables[-1]["sorts"] += given.get("aria-sort") == "none"
        elif tag == "button" and self.path[-1:] == ["th"]:
            self.tables[-1]["buttons"] += 1
        elif tag == "tr" and "tbody" in self.path:
            self.tables[-1]["rows"].append([])
        elif tag == "td":
            self.tables[-1]["rows"][-1].append("")
        if tag not in VOID:
            self.path.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if not self.path or self.path[-1] != tag:
            self.wrong.append("</%s> closes %s" % (tag, self.path[-1:]))
        else:
            self.path.pop()

    def handle_data(self, data):
        if "script" in self.path or "style" in self.path:
            return
        self.text.append(data)
        if "td" in self.path:
            self.tables[-1]["rows"][-1][-1] += data


def report(trace, *more):
    data = good("report", *more, trace).decode("utf-8")
    page = Page(data)
    name = os.path.basename(trace)
    check("%s: well nested and of known elements: %s" % (name, page.wrong[:3]), not page.wrong)
    check("%s: one script" % name, page.scripts == 1)
    check("%s: ids are unique" % name, len(set(page.ids)) == len(page.ids))
    inside = [link for link in page.links if link.startswith("#")]
    check("%s: links stay inside, and lead somewhere" % name,
          set(page.links) - set(inside) <= {"data:,"} and {link[1:] for link in inside} <= set(page.ids))
    check("%s: the policy lets nothing in" % name,
          "default-src 'none'" in page.policy and "script-src 'sha256-" in page.policy)
    for table in page.tables:
        check("%s: %s sorts by each column" % (name, table["id"]), table["head"] == table["sorts"] == table["buttons"] > 1)
        check("%s: %s has whole rows" % (name, table["id"]), {len(row) for row in table["rows"]} <= {table["head"]})
    return page, data


def table(page, name):
    return next((t["rows"] for t in page.tables if t["id"] == "t-" + name), [])


def words(page):
    return re.sub(r"\s+", " ", "".join(page.text))


def check_hostile():
    page, data = report("hostile.rst")
    for what in ("guest", "program", "reason", "device", "summary", "symbol", "mark"):
        check("hostile: %s is on the page, as text" % what, "alert('%s')" % what in words(page))
    check("hostile: and nowhere as markup", data.count("<script") == 1 and "<img" not in data and "<svg onload" not in data)


def check_gallery():
    page, data = report(GALLERY)
    said = words(page)
    for part in ("The guest halted for good", "The trace is whole", "Modes of the CPU", "Exits over time",
                 "The slowest exits", "KVM_EXIT_IO", "port input or output"):
        check("boot64: it says %s" % part, part in said)
    kinds = {row[0].strip(): row[2] for row in table(page, "kinds")}
    lines = good("export", "--format", "csv", "--kind", "io", GALLERY).count(b"\r\n") - 1
    check("boot64: as many io as there are", kinds.get("io") == str(lines))
    check("boot64: three pictures", all("picture-" + kind in page.ids for kind in ("exits", "boot", "machine")))
    check("boot64: the same trace makes the same page", data == good("report", GALLERY).decode())
    check("boot64: small", len(data) < 400000)


def check_others():
    page, _ = report("empty.rst")
    check("empty: it says so", "there are no events in this trace" in words(page))
    page, _ = report("cut.rst")
    check("cut: it says so", "The trace is incomplete" in words(page) and "not in this file" in words(page))
    page, _ = report("steps.rst")
    check("steps: counted, and who calls whom", "step" in {row[0].strip() for row in table(page, "kinds")} and
          "picture-calls" in page.ids)
    page, data = report("loop.rst")
    check("loop: rows and page are bounded", len(table(page, "slowest")) == 25 and len(data) < 600000)
    check("loop: the slowest come first", table(page, "slowest")[0][0] == "1.5 µs")
    check("loop: symbols", "main" in {row[1].split("+")[0] for row in table(page, "places")})
    page, _ = report("loop.rst", "--where", "device == pic0")
    check("loop: a filter is said", "A filter was on" in words(page))
    check("loop: and is kept", [row[0] for row in table(page, "devices")] == ["pic0"])


def check_damaged():
    """Whatever is left of a file: a page, or a line that says why not."""
    with open(GALLERY, "rb") as file:
        whole = file.read()
    for part in range(1, 8):
        at = len(whole) * part // 8
        for name, data in (("cut", whole[:at]), ("flip", whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1:])):
            with open(name + "ped.rst", "wb") as file:
                file.write(data)
            result = run("report", name + "ped.rst")
            said = result.stderr.decode(errors="replace")
            check("%s at %d: one line" % (name, at), result.returncode in (0, 126) and said.count("\n") == 1)
            if result.returncode == 0:
                page = Page(result.stdout.decode("utf-8"))
                check("%s at %d: a page that says so" % (name, at),
                      not page.wrong and "The trace is incomplete" in words(page))


def check_files():
    refused("No space left", "report", "-o", "/dev/full", "loop.rst")
    with open("/dev/full", "w", encoding="ascii") as full:
        refused("No space left", "report", "loop.rst", out=full)
    refused("No such file", "report", "-o", "nowhere/x.html", "loop.rst")
    refused("is a trace", "report", "-o", "empty.rst", "loop.rst")
    refused("needs a file", "report", "--open", "loop.rst")
    good("report", "-o", "page.html", "loop.rst")
    with open("page.html", encoding="utf-8") as file:
        check("-o writes what stdout gets", file.read() == good("report", "loop.rst").decode())
    check("an incomplete trace is said", b"incomplete" in run("report", "cut.rst").stderr)


make("empty", "empty.rst")
make("hostile", "hostile.rst")
make("cut", "cut.rst", "500")
make("steps", "steps.rst", "200")
make("loop", "loop.rst", "200000")
check_hostile()
check_gallery()
check_others()
check_damaged()
check_files()
done()
