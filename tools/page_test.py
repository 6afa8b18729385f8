#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the morning page and the page of `explain`, in a headless browser without a network: wide
and narrow, light and dark. Also tests pages of folders that lack something.

usage: page_test.py DRIVER, the driver with bug P1
"""

import json
import os
import shutil
import sys
import tempfile
import time
import unittest

import page_fixture
from kthrashlib.night import page
from kthrashlib.show import drawing, plots
from kthrashlib.show.sources import Sources

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

DRIVER = os.path.abspath(sys.argv[1])
LOOKS = [(width, scheme) for width in (1300, 400) for scheme in ("light", "dark")]
CONTRAST_MIN = 4.5      # WCAG asks for this contrast of text.

# This script runs in the page. It finds what a page must not have.
INSPECT = """
const found = [];
for (const a of document.querySelectorAll('a[href^="#"]'))
  if (!document.getElementById(decodeURIComponent(a.getAttribute('href').slice(1))))
    found.push('a link to nothing: ' + a.getAttribute('href'));
for (const e of document.querySelectorAll('[src], link[href], [style*="url("]'))
  found.push('not in one file: ' + e.outerHTML.slice(0, 80));
for (const e of document.querySelectorAll('script, iframe, object'))
  found.push('runs something: ' + e.outerHTML.slice(0, 80));
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
for (const id of ids.filter((id, n) => ids.indexOf(id) !== n)) found.push('id twice: ' + id);
for (const e of document.querySelectorAll('use[href^="#"]'))
  if (!document.getElementById(e.getAttribute('href').slice(1)))
    found.push('draws nothing: ' + e.getAttribute('href'));
const root = document.documentElement;
if (Math.max(root.scrollWidth, document.body.scrollWidth) > innerWidth)
  found.push('wider than the window: ' + root.scrollWidth);
return found;
"""

# This script runs in the page. It returns [colour of the text, colour behind it, text] of all text
# that is seen.
COLOURS = """
function behind(e) {
  for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (!c.startsWith('rgba(') || !c.endsWith(' 0)')) return c;
  }
  return 'rgb(255, 255, 255)';
}
const found = new Set();
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const e = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.closest('.dull')) continue;
  const style = getComputedStyle(e), fill = e.closest('svg') ? style.fill : style.color;
  found.add(JSON.stringify([fill, behind(e), walk.currentNode.data.trim().slice(0, 30)]));
}
return [...found].map(JSON.parse);
"""

IS_SEEN = """
const e = document.querySelector(arguments[0]);
if (!e || !e.checkVisibility()) return false;
const box = e.getBoundingClientRect();
return box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= innerWidth;
"""


def luminance(colour):
    parts = [float(n) / 255 for n in colour[colour.index("(") + 1:-1].split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class Browser:
    """A Chromium that loads only files."""

    def __init__(self, home):
        self.home = home
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                     "--disable-dev-shm-usage", "--disable-background-networking",
                     "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND",
                     "--user-data-dir=" + os.path.join(home, "profile")):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        environment = {**os.environ, "HOME": home, "TMPDIR": home, "XDG_CONFIG_HOME": home,
                       "XDG_CACHE_HOME": home}
        self.driver = webdriver.Chrome(
            service=Service("/usr/bin/chromedriver", env=environment), options=options)
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {
            "offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0})

    def close(self):
        self.driver.quit()

    def load(self, path, width=1280, scheme="light"):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.driver.get_log("browser")
        self.driver.get("file://" + path)

    def run(self, script, *args):
        return self.driver.execute_script(script, *args)

    def problems(self, path, seen, width=1280, scheme="light"):
        """Returns what is wrong with the page. `seen` selects an element that must be in the
        window."""
        self.load(path, width, scheme)
        found = ["console: " + entry["message"] for entry in self.driver.get_log("browser")]
        found += self.run(INSPECT)
        for href in self.run("return [...document.querySelectorAll('a[href]')]"
                             ".map(a => a.getAttribute('href'))"):
            target = os.path.join(os.path.dirname(path), href)
            if not href.startswith("#") and not os.path.exists(target):
                found.append("a link to nothing: " + href)
        if not self.run(IS_SEEN, seen):
            found.append("not to be seen: " + seen)
        return found

    def pale(self):
        """Returns the texts of the page with too little contrast."""
        return [(text, round(contrast(ink, paper), 1)) for ink, paper, text in self.run(COLOURS)
                if contrast(ink, paper) < CONTRAST_MIN]


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.home, True)
        cls.folder = os.path.join(cls.home, "campaign")
        cls.night = page_fixture.make(DRIVER, cls.folder)
        page.write(cls.folder, 1)
        cls.path = page.write(cls.folder, cls.night)
        with open(cls.path, encoding="utf-8") as f:
            cls.text = f.read()
        cls.browser = Browser(cls.home)
        cls.addClassCleanup(cls.browser.close)

    def near_by(self, text):
        """Writes a page beside the real one."""
        path = os.path.join(os.path.dirname(self.path), "other.html")
        page_fixture.write(path, text)
        return path

    def trace(self):
        with open(os.path.join(self.folder, "crashing", "deadlock-1a2b3c4d", "trace.json"),
                  encoding="utf-8") as f:
            return json.load(f)

    # ---- the whole page ----

    def test_every_look_is_faultless(self):
        for width, scheme in LOOKS:
            with self.subTest(width=width, scheme=scheme):
                self.assertEqual(self.browser.problems(self.path, "#verdict", width, scheme), [])
                self.assertEqual(self.browser.pale(), [])

    def test_all_of_it_is_open_to_reading(self):
        """Tests that the page still fits with everything unfolded and every step shown."""
        self.browser.load(self.path, 400)
        self.browser.run("document.querySelectorAll('details').forEach(d => d.open = true);"
                         "document.querySelectorAll('.all input').forEach(i => i.click());")
        self.assertEqual(self.browser.run(INSPECT), [])
        self.assertEqual(self.browser.pale(), [])

    def test_the_table_of_lanes_fits_or_scrolls(self):
        """Tests the table of lanes. At 1,300 pixels all columns are seen, however long a failure's
        reason is. At 400 pixels the table scrolls in its box."""
        folder = self.changed()
        night = os.path.join(folder, "nights", "0002", "night.json")
        with open(night, encoding="utf-8") as f:
            facts = json.load(f)
        facts["lanes"][3]["failures"][0]["why"] = "exit status 3: " + "a long line of output " * 30
        facts["lanes"] += [{**lane, "name": "lane-with-a-long-name-%d" % n,
                            "executions": 10**11, "what": "plans changed that met a new pair"}
                           for n, lane in enumerate(facts["lanes"])]
        page_fixture.write_json(night, facts)
        path = page.write(folder, 2)
        sizes = """return [...document.querySelectorAll('.scroll:has(> table)')].map(
            e => [e.scrollWidth > e.clientWidth, getComputedStyle(e).overflowX]);"""
        self.browser.load(path, 1300)
        self.assertEqual(self.browser.run(sizes), [[False, "auto"]] * 2)
        self.browser.load(path, 400)
        self.assertEqual(self.browser.run(sizes)[1], [True, "auto"])
        self.assertEqual(self.browser.run(INSPECT), [])

    def test_a_lane_without_executions_is_named(self):
        folder = self.changed(verdict="clean", bugs={"crashing": []}, lanes=[
            {"name": "sim-tso", "state": "done", "runs": 1, "executions": 0, "seconds": 2},
            {"name": "sim-random", "state": "done", "runs": 1, "executions": 5, "seconds": 2}])
        text = self.looks_well(folder)
        self.assertIn("1 lane ran 0 executions and so looked at nothing: sim-tso", text)
        self.assertEqual(self.browser.run("return document.querySelectorAll('tr.warn').length"),
                         1)

    def test_a_broken_page_is_noticed(self):
        end = "</main>"
        for broken, what in (
                (self.text.replace(end, "<script>throw new Error('x')</script>" + end), "console"),
                (self.text.replace(end, "<img src='http://kthrash.test/x.png'>" + end),
                 "not in one file"),
                (self.text.replace(end, "<a href='#nowhere'>x</a>" + end), "a link to nothing"),
                (self.text.replace(end, "<a href='gone.txt'>x</a>" + end), "a link to nothing"),
                (self.text.replace(end, "<p style='width:900px'>x</p>" + end), "wider"),
                (self.text.replace(end, "<p id='verdict'></p>" + end), "id twice"),
                (self.text.replace("#verdict {", "#verdict { display: none;"), "not to be seen"),
                (self.text[:self.text.index("<main>")], "not to be seen")):
            self.assertNotEqual(broken, self.text)
            found = self.browser.problems(self.near_by(broken), "#verdict", 400)
            self.assertIn(what, " ".join(found))

    def test_pale_text_is_noticed(self):
        self.browser.load(self.near_by(self.text.replace("#verdict {", "#verdict { color: Canvas;"
                                                         "--x:").replace(
            "--mood: var(--bad)", "--mood: light-dark(#eee, #111)")))
        self.assertTrue(self.browser.pale())

    def test_light_and_dark_differ(self):
        papers = []
        for scheme in ("light", "dark"):
            self.browser.load(self.path, 1280, scheme)
            papers.append(self.browser.run("return getComputedStyle(document.body)"
                                           ".backgroundColor"))
        self.assertGreater(contrast(papers[0], papers[1]), 10)

    def test_what_the_files_say_stays_text(self):
        self.browser.load(self.path)
        self.assertEqual(self.browser.driver.title, "night 2: findings – kthrash")
        self.assertEqual(self.browser.run("return document.images.length"), 0)
        shown = self.browser.run("return document.body.textContent")
        # The text is in the message, the plan and the event.
        self.assertGreaterEqual(shown.count(page_fixture.HOSTILE), 3)

    # ---- the drawing ----

    def test_every_wake_up_and_hand_off_is_an_arrow_between_its_lanes(self):
        trace = self.trace()
        self.browser.load(self.path)
        drawn = self.browser.run("""
            const one = document.querySelector('.interleaving');
            one.querySelectorAll('.all input').forEach(i => i.click());
            const lanes = [...one.querySelectorAll('.names span')]
                .map(e => e.getBoundingClientRect().left);
            function lane(x) {
              return lanes.findLastIndex(left => left <= x + 8);
            }
            return [...one.querySelectorAll('.arrow')].map(a => {
              const from = a.querySelector('circle').getBoundingClientRect();
              const to = a.querySelector('path').getBoundingClientRect();
              const line = a.querySelector('line').getBoundingClientRect();
              return [a.classList[1], lane(from.left), lane(to.left + to.width / 2),
                      line.width > 50];
            });""")
        steps = trace["steps"]
        expected = [["wake", w["by"], w["task"], True] for w in trace["wakes"]
                    if w["by"] is not None]
        expected += [["handoff", a["task"], b["task"], True] for a, b in zip(steps, steps[1:])
                     if a["task"] != b["task"]]
        self.assertEqual(sorted(drawn), sorted(expected))
        self.assertTrue([a for a in expected if a[0] == "wake"])

    def test_source_lines_stand_beside_their_place(self):
        shown = drawing.page(self.trace())
        self.assertIn("set_current_state(TASK_INTERRUPTIBLE);", shown)
        self.assertIn("core/kthreadd.c:", shown)

    def test_the_page_of_explain(self):
        trace = self.trace()
        trace["events"] = [{"step": 3, "kind": "kill", "task": 1, "role": "", "nth": 0}]
        trace["message"] = page_fixture.HOSTILE
        path = self.near_by(drawing.page(trace))
        for width, scheme in LOOKS:
            self.assertEqual(self.browser.problems(path, "h1", width, scheme), [])
            self.assertEqual(self.browser.pale(), [])
            self.assertEqual(self.browser.run(
                # The two are the row of the event and its sign.
                "return document.querySelectorAll('.event').length"), 2)

    def test_no_interleaving_to_show(self):
        """Tests a finding on real threads, which has no interleaving."""
        path = self.near_by(drawing.page({
            "plan": "a.plan", "failure": "race", "message": "a race", "hash": "", "tasks": [],
            "shown": 0, "steps": [], "events": [], "wakes": []}))
        self.assertEqual(self.browser.problems(path, ".end", 400), [])

    def test_nothing_outside_of_the_checkout_is_shown(self):
        with open(os.path.join(self.home, "secret"), "w", encoding="utf-8") as f:
            f.write("secret")
        inside = os.path.join(self.home, "inside")
        os.mkdir(inside)
        for file in ("../secret", os.path.join(self.home, "secret"), "./../secret"):
            self.assertEqual(Sources([inside]).line(file, 1), "")
        self.assertEqual(Sources([self.home]).line("secret", 1), "secret")

    # ---- folders that lack something ----

    def changed(self, **more):
        """Returns a copy of the folder. `more` replaces facts of its last night."""
        folder = os.path.join(self.home, "changed-%d" % time.monotonic_ns())
        shutil.copytree(self.folder, folder)
        path = os.path.join(folder, "nights", "0002", "night.json")
        with open(path, encoding="utf-8") as f:
            record = json.load(f)
        page_fixture.write_json(path, {**record, **more})
        return folder

    def looks_well(self, folder):
        """Checks the page in a narrow window. Returns all its text."""
        path = page.write(folder, 2)
        self.assertEqual(self.browser.problems(path, "#verdict", 400, "dark"), [])
        return self.browser.run("document.querySelectorAll('details:not(.finding)')"
                                ".forEach(d => d.open = true);"
                                "return document.body.innerText") + \
            self.browser.run("return [...document.querySelectorAll('.finding:not([open])')]"
                             ".map(d => d.textContent).join(' ')")

    def test_no_findings(self):
        none = {s: [] for s in ("crashing", "incubating", "regression", "new", "fixed", "back")}
        text = self.looks_well(self.changed(verdict="clean", bugs=none))
        self.assertIn("Night 2: clean", text)
        self.assertIn("No bug fails", text)

    def test_fifty_findings_are_folded(self):
        ids = ["deadlock-%08x" % n for n in range(50)]
        folder = self.changed(bugs={"crashing": ids, "new": ids})
        for name in ids:
            shutil.copytree(os.path.join(folder, "crashing", "deadlock-1a2b3c4d"),
                            os.path.join(folder, "crashing", name))
        self.assertIn("50 bugs fail: 50 new", self.looks_well(folder))
        self.assertEqual(self.browser.run(
            "return [document.querySelectorAll('.finding').length,"
            "document.querySelectorAll('.finding[open]').length]"), [50, 1])

    def test_an_invalid_night_says_why(self):
        text = self.looks_well(self.changed(
            state="invalid", verdict="invalid", why=["the planted bug was not found"],
            canary={"bug": "P1", "state": "missed", "executions": 100000, "at": None}))
        self.assertEqual(text.split("\n\n")[:2],
                         ["Night 2: INVALID", "the planted bug was not found"])
        self.assertIn("proves nothing", text)

    def test_a_night_that_runs(self):
        text = self.looks_well(self.changed(state="running", verdict=None, ended=None,
                                            elapsed=3600.0))
        self.assertIn("Night 2: running: findings", text)
        self.assertIn("After 1 h 00 min of 8 h 00 min.", text)

    def test_a_night_that_was_never_ended(self):
        folder = self.changed(state="running", verdict=None, ended=None)
        os.mkdir(os.path.join(folder, "nights", "0003"))
        self.assertIn("Night 2: cut off", self.looks_well(folder))

    def test_missing_files_are_named_in_their_place(self):
        folder = self.changed()
        found = os.path.join(folder, "crashing", "deadlock-1a2b3c4d")
        for name in ("trace.json", "interleaving.txt", "finding.json", "plan"):
            os.remove(os.path.join(found, name))
        shutil.rmtree(os.path.join(folder, "crashing", "race-00c0ffee"))
        os.remove(os.path.join(folder, "nights", "0002", "series.jsonl"))
        page_fixture.write(os.path.join(folder, "nights", "0001", "night.json"), '{"night": 1,')
        text = self.looks_well(folder)
        for words in ("finding.json: no such file", "plan: no such file",
                      "Nothing shows how it happens", "its folder is not there",
                      "series.jsonl: no samples",
                      "no comparison with the last night: night.json: torn, or no JSON"):
            self.assertIn(words, text)

    def test_a_night_without_a_record(self):
        folder = self.changed()
        os.remove(os.path.join(folder, "nights", "0002", "night.json"))
        text = self.looks_well(folder)
        self.assertIn("Night 2: no record", text)
        self.assertIn("nobody can run", text)       # The page shows what the folder has.

    def test_a_plot_of_nothing_but_zeros_is_left_out(self):
        series = [{"t": t, "executions": t * 10, "edges": 0, "lanes": {}} for t in (5, 10)]
        (drawn,) = plots.plots(series, [])
        self.assertIn("plot-executions-", drawn)

    def test_a_rate_begins_at_nothing(self):
        self.assertEqual(plots.rates([(5, 50), (10, 70), (15, 10)]), [(5, 10), (10, 4), (15, 0)])

    def test_values_of_the_wrong_kind(self):
        folder = self.changed(
            lanes="none", canary=7, totals=[], machine=None, events={"a": 1}, why="x", options=3,
            seconds="long", bugs={"crashing": ["../../etc", 5, None, "race-00c0ffee"]})
        path = os.path.join(folder, "crashing", "race-00c0ffee")
        page_fixture.write_json(os.path.join(path, "finding.json"), {
            "kind": [], "count": "many", "reliability": [1], "places": [1, {}], "lanes": {}})
        page_fixture.write_json(os.path.join(path, "trace.json"), {
            "tasks": ["a"], "steps": [{"step": 1}], "events": []})
        page_fixture.write(os.path.join(folder, "nights", "0002", "series.jsonl"),
                           '{"t": 1, "lanes": 3, "pairs": "x"}\n[]\n{"t": NaN}\n')
        text = self.looks_well(folder)
        self.assertIn("its folder is not there", text)
        self.assertIn("not what explain --format=json prints", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
