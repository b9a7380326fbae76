"""Controls of the page: the browser's own, which keyboards and screen readers know."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nicegui import ui

from simulator.report.answer import as_sentence

Changed = Callable[[str], Any]
VALUE = "(event) => emit(event.target.value)"


def text(tag: str, content: str, classes: str = "") -> ui.html:
    """Show text in an element; whatever is in it stays text."""
    return ui.html(html.escape(content), sanitize=False, tag=tag).classes(classes)


def markup(safe: str, classes: str = "") -> ui.html:
    """Show HTML whose texts were escaped where it was made."""
    return ui.html(safe, sanitize=False).classes(classes)


def button(label: str, press: Callable[[], Any], classes: str = "") -> ui.element:
    """Show a button."""
    made = ui.element("button").classes(classes).on("click", press)
    made.props["type"] = "button"
    with made:
        text("span", label)
    return made


def entry(label: str, changed: Changed, **looks: object) -> ui.element:
    """Show an input with its label; ``looks`` are attributes such as type, min, max and value.

    The value is where it starts: what a person types is never written over from here.
    """
    value = looks.pop("value", "")
    hidden = looks.pop("hidden_label", False)
    with ui.element("label").classes("entry"):
        text("span", label, "unseen" if hidden else "")
        made = ui.element("input").on("change", lambda event: changed(str(event.args)), js_handler=VALUE)
        for name, look in looks.items():
            made.props[name.replace("_", "-")] = look
        made.props["^value"] = str(value)  # after the ends, or the browser would cut it to others
    return made


def choice(
    label: str, options: Mapping[str, str], changed: Changed, value: str = "", *, hidden_label: bool = False
) -> ui.element:
    """Show a list to choose from: what is said of each option by its value."""
    with ui.element("label").classes("entry"):
        text("span", label, "unseen" if hidden_label else "")
        with ui.element("select").on(
            "change", lambda event: changed(str(event.args)), js_handler=VALUE
        ) as made:
            for key, words in options.items():
                option = text("option", words)
                option.props["value"] = key
                if key == value:
                    option.props["selected"] = True
    return made


def slider(label: str, changed: Changed, **looks: object) -> ui.element:
    """Show a slider that reports each of its stops while it is dragged, the last one for sure."""
    made = entry(label, changed, type="range", **looks)
    return made.on("input", lambda event: changed(str(event.args)), js_handler=VALUE, throttle=0.15)


def put(control: ui.element, value: str) -> None:
    """Let an input hold a value, where another control has set it."""
    ui.run_javascript(f"getHtmlElement({control.id}).value = {json.dumps(value)}")


def grid(caption: str, heads: Iterable[str]) -> tuple[ui.element, ui.element]:
    """Begin a table to type into; return its scrolling frame and its body, which rows go into."""
    frame = ui.element("div").classes("scroll")
    frame.props.update({"role": "region", "tabindex": "0", "aria-label": caption})
    with frame, ui.element("table").classes("grid"):
        text("caption", caption)
        with ui.element("thead"), ui.element("tr"):
            for head in heads:
                text("th", head).props["scope"] = "col"
        body = ui.element("tbody")
    return frame, body


def said(sentences: Iterable[str], classes: str = "answers") -> None:
    """Show sentences as a list."""
    with ui.element("ul").classes(classes):
        for sentence in sentences:
            text("li", as_sentence(sentence))


def paragraphs(lines: Iterable[str], classes: str = "") -> None:
    """Show lines as they stand, a paragraph each."""
    for line in lines:
        text("p", line, classes)
