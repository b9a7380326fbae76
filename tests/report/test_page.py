import re
from html.parser import HTMLParser

import pytest

from simulator.report.documents.finished import read_finished
from simulator.report.documents.headline import key_figures
from tests.report.finished_runs import MARKUP

VOID = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """Elements, tables and whether every element that opens also closes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def page(finished_folder):
    return Page((finished_folder / "report.html").read_text(encoding="utf-8"))


def test_nothing_is_fetched(finished_folder, page):
    for _tag, attrs in page.elements:
        assert attrs.get("src", "data:").startswith("data:")
        assert attrs.get("href", "#").startswith("#")
    style = (
        (finished_folder / "report.html").read_text(encoding="utf-8").split("<style>")[1].split("</style>")[0]
    )
    assert "url(" not in style
    assert "@import" not in style


def test_every_link_leads_somewhere(page):
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert link["href"].removeprefix("#") in ids


def test_it_can_be_read_without_seeing_it(page):
    assert page.all("html")[0]["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(page.all(landmark)) == 1
    pictures = page.all("svg")
    assert all(p["role"] == "img" and p["aria-label"].startswith("Chart: ") for p in pictures)
    assert len(pictures) >= 12
    assert all(heading.get("scope") in {"col", "row"} for heading in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    # Each table says its unit, day and file, on hover and in its caption.
    for table in page.all("table"):
        assert "title" not in table or "As of" in table["title"] or "as of" in table["title"]


def test_the_answer_comes_first_and_assumptions_have_sources(finished_folder, page):
    run = read_finished(finished_folder)
    body = page.text[page.text.index("Skip to the answer") :]
    assert body.index(run.summary["answers"]["bookings"]) < 500
    order = [body.index(words) for words in ("What changed?", "What should we do?", "Can I trust it?")]
    assert order == sorted(order)
    for figure in key_figures(run.tables, run.periods, run.currency, run.cash_today):
        assert f"{figure.value}" in body
        assert figure.range in body
    for assumption in run.summary["assumptions"]:
        assert assumption["source"] in body


def test_hostile_names_are_text(hostile_folder):
    text = (hostile_folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.all("script")) == 1
    assert not [attrs for _, attrs in page.elements if any(name.startswith("on") for name in attrs)]
    assert all(image["src"].startswith("data:image/svg+xml") for image in page.all("img"))
    assert MARKUP in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text)


def contrast(one, other):
    def lightness(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((lightness(one), lightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_its_background(finished_folder):
    text = (finished_folder / "report.html").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", part.split("}")[0]))
        for part in text.split(":root {")[1:3]
    )
    for colours in (light, dark):
        for ink in ("ink", "muted", "navy"):
            for ground in ("paper", "tint"):
                assert contrast(colours[ink], colours[ground]) >= 4.5
    assert light != dark
    assert contrast("#999999", "#ffffff") < 4.5
