"""Slides on the plain look or on the user's own: title, figures, source."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.exc import PackageNotFoundError, PythonPptxError
from pptx.util import Emu, Inches, Pt

from simulator.archives import check_archive
from simulator.errors import InputError
from simulator.report.style import ICE, INK, MUTED, NAVY, PAPER

WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
MARGIN_SHARE = 0.045
LONGEST_TITLE = 170
LONGEST_BIG_TITLE = 60
TITLE_POINTS, SUBTITLE_POINTS, TEXT_POINTS, SMALL_POINTS = 24, 14, 16, 10
LETTER_WIDTH, LINE_HEIGHT = 0.56, 1.2
"""Of a letter in a sentence and of a line, as a share of the letter's height."""
MOST_UNPACKED = 500_000_000
HEAD_BYTES = 4096
REMEDY = "Save a presentation as .pptx in PowerPoint and name that file."


@dataclass(frozen=True)
class Box:
    """A rectangle on a slide, in EMU."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Slide:
    """A slide with its title written; ``body`` is free for figures."""

    shape: Any
    body: Box

    def add_text(self, lines: Sequence[str], top: float, points: float = TEXT_POINTS) -> float:
        """Write paragraphs below a share of the body's height; return the share where they end.

        The last ones wait for the page where there is no room.
        """
        box = self.body
        y = box.top + round(top * box.height)
        tall = [n_lines(line, points, box.width) * LINE_HEIGHT * Pt(points) + Pt(8) for line in lines]
        ends = [end for end in accumulate(tall) if end <= box.top + box.height - y] or tall[:1]
        frame = self.shape.shapes.add_textbox(box.left, y, box.width, box.top + box.height - y).text_frame
        frame.word_wrap, frame.margin_left = True, 0
        for at, line in enumerate(lines[: len(ends)]):
            paragraph = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
            _write(paragraph, shorten_line(line), points, INK)
            paragraph.space_after = Pt(8)
        return top + ends[-1] / box.height

    def add_table(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        top: float,
        height: float,
        widths: Sequence[float] | None = None,
        texts: Collection[int] = (0,),
    ) -> float:
        """Add a table of at most the share ``height`` of the body; return the share where it ends.

        All columns but ``texts`` hold figures, on the right, unless ``widths`` are given.
        """
        box = self.body
        tall = min(round(height * box.height), Inches(0.42) * (len(rows) + 1))
        y = box.top + round(top * box.height)
        frame = self.shape.shapes.add_table(len(rows) + 1, len(headings), box.left, y, box.width, tall)
        table = frame.table
        for at, share in enumerate(widths or ()):
            table.columns[at].width = Emu(round(share * box.width))
        for row, cells in enumerate([headings, *rows]):
            for at, text in enumerate(cells):
                right = at not in texts and widths is None
                _write_cell(table.cell(row, at), text, heading=row == 0, right=right)
        return top + tall / box.height

    def halves(self) -> tuple[Slide, Slide]:
        """Return the left and the right half of the body."""
        box, gap = self.body, Inches(0.15)
        width = (box.width - gap) // 2
        right = Box(box.left + width + gap, box.top, width, box.height)
        return Slide(self.shape, Box(box.left, box.top, width, box.height)), Slide(self.shape, right)

    def below(self, share: float) -> Slide:
        """Return what is left of the body below a share of its height."""
        box, taken = self.body, round(share * self.body.height)
        return Slide(self.shape, Box(box.left, box.top + taken, box.width, box.height - taken))

    def add_chart(self, kind: Any, data: Any, name: str, title: str) -> Any:
        """Add a native chart over the whole body, with its title for screen readers, and return it."""
        box = self.body
        frame = self.shape.shapes.add_chart(kind, box.left, box.top, box.width, box.height, data)
        frame.name = name
        frame._element.nvGraphicFramePr.cNvPr.set("descr", f"Chart: {title}")
        return frame.chart


@dataclass(frozen=True)
class Deck:
    """A presentation under way."""

    file: Any
    layout: Any
    source: str
    is_plain: bool

    def add_slide(self, title: str, subtitle: str, source: str = "") -> Slide:
        """Add a slide: the finding as its title, what is shown below it, the source at its foot.

        ``source`` is that of the figures on the slide; the run's without it.
        """
        slide = self.file.slides.add_slide(self.layout)
        width, height = self.file.slide_width, self.file.slide_height
        margin = round(MARGIN_SHARE * width)
        top = Box(margin, round(0.04 * height), width - 2 * margin, round(0.13 * height))
        _write_title(slide, title, top, is_plain=self.is_plain)
        for holder in list(slide.placeholders):
            if holder.placeholder_format.type not in {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE}:
                holder._element.getparent().remove(holder._element)
        head = slide.shapes.title
        below = min(head.top + head.height, round(0.3 * height))
        _add_line(slide, subtitle, Box(margin, below, width - 2 * margin, Inches(0.35)), SUBTITLE_POINTS)
        foot = Box(margin, height - Inches(0.45), width - 2 * margin, Inches(0.3))
        _add_line(slide, shorten_line(source or self.source), foot, SMALL_POINTS)
        more = max(n_lines(subtitle, SUBTITLE_POINTS, width - 2 * margin) - 1, 0)
        free = below + Inches(0.5) + round(more * LINE_HEIGHT * Pt(SUBTITLE_POINTS))
        return Slide(slide, Box(margin, free, width - 2 * margin, foot.top - free - Inches(0.1)))


def open_deck(source: str, template: Path | None = None) -> Deck:
    """Return an empty deck on the plain look, or on the look of the template.

    Raises
    ------
    InputError
        The template is not a presentation, or has no layout with a title.
    """
    if template is None:
        file = Presentation()
        file.slide_width, file.slide_height = WIDTH, HEIGHT
    else:
        file = _open_template(template)
        _drop_slides(file)
    layout = _title_only(file)
    if layout is None:
        what = "has no slide layout with a title"
        raise InputError.of(str(template), what, "Add a “Title Only” layout to its slide master.")
    return Deck(file, layout, source, template is None)


def _open_template(path: Path) -> Any:
    if not path.is_file():
        raise InputError.of(str(path), "is not a file", REMEDY)
    if not zipfile.is_zipfile(path):
        raise InputError.of(str(path), "is not a PowerPoint presentation (.pptx)", REMEDY)
    check_archive(path, MOST_UNPACKED, REMEDY)
    _check_parts(path)
    try:
        return Presentation(str(path))
    except (PackageNotFoundError, PythonPptxError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError.of(str(path), "is not a PowerPoint presentation (.pptx)", REMEDY) from error


def _check_parts(path: Path) -> None:
    """Refuse macros, which would travel into every deck, and XML that defines entities."""
    with zipfile.ZipFile(path) as packed:
        names = packed.namelist()
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            what = "holds macros, which a deck must not"
            raise InputError.of(str(path), what, "Save it as a .pptx or .potx without macros.")
        for name in names:
            with packed.open(name) as part:
                if name.endswith((".xml", ".rels")) and b"<!DOCTYPE" in part.read(HEAD_BYTES):
                    raise InputError.of(str(path), f"{name} in it defines entities", REMEDY)


def _drop_slides(file: Any) -> None:
    listed = file.slides._sldIdLst
    for entry in list(listed):
        file.part.drop_rel(entry.rId)
        listed.remove(entry)


def _title_only(file: Any) -> Any:
    """Return the layout with a title and the fewest other places to fill; None without any."""
    titled = [
        layout
        for layout in file.slide_layouts
        if any(p.placeholder_format.type == PP_PLACEHOLDER.TITLE for p in layout.placeholders)
    ]
    return min(titled, key=lambda layout: len(list(layout.placeholders)), default=None)


def colour_of(code: str) -> Any:
    """Return a colour such as ``#12355b`` as PowerPoint has it."""
    return RGBColor.from_string(code.removeprefix("#"))  # type: ignore[no-untyped-call]


def shorten_line(text: str, longest: int = 300) -> str:
    """Return a line cut to a length, saying so."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def n_lines(text: str, points: float, width: int) -> int:
    """Return how many lines a text takes in a width, in EMU."""
    return math.ceil(len(text) * LETTER_WIDTH * Pt(points) / width)


def _write_title(slide: Any, title: str, box: Box, *, is_plain: bool) -> None:
    """Write the title where the template has it; on the plain look on the left, in the project's colour."""
    head = slide.shapes.title
    frame = head.text_frame
    frame.word_wrap = True
    paragraph = frame.paragraphs[0]
    paragraph.add_run().text = shorten_line(title, LONGEST_TITLE)
    if is_plain:
        head.left, head.top, head.width, head.height = box.left, box.top, box.width, box.height
        frame.vertical_anchor, paragraph.alignment = MSO_ANCHOR.MIDDLE, PP_ALIGN.LEFT
        frame.margin_left = 0
        paragraph.runs[0].font.bold = True
        paragraph.runs[0].font.color.rgb = colour_of(NAVY)
    if is_plain or len(title) > LONGEST_BIG_TITLE:
        size = TITLE_POINTS if len(title) <= 2 * LONGEST_BIG_TITLE else TITLE_POINTS - 6
        paragraph.runs[0].font.size = Pt(size)


def _write(paragraph: Any, text: str, points: float, colour: str, *, bold: bool = False) -> None:
    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold = Pt(points), bold
    run.font.color.rgb = colour_of(colour)


def _add_line(slide: Any, text: str, box: Box, points: float) -> None:
    frame = slide.shapes.add_textbox(box.left, box.top, box.width, box.height).text_frame
    frame.word_wrap, frame.margin_left = True, 0
    _write(frame.paragraphs[0], text, points, MUTED)


def _write_cell(cell: Any, text: str, *, heading: bool, right: bool) -> None:
    cell.fill.solid()
    cell.fill.fore_color.rgb = colour_of(NAVY if heading else PAPER)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    paragraph = cell.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    _write(paragraph, text, 13, ICE if heading else INK, bold=heading)
