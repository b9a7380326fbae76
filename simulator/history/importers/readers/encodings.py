"""Encodings of text: UTF-8, UTF-16 and UTF-32 by their bytes, all others by the letters that they give."""

from __future__ import annotations

import re

from simulator.errors import InputError

MARKS = {
    b"\xef\xbb\xbf": ("utf-8-sig", "UTF-8 with a byte-order mark"),
    b"\xff\xfe\x00\x00": ("utf-32", "UTF-32"),
    b"\x00\x00\xfe\xff": ("utf-32", "UTF-32"),
    b"\xff\xfe": ("utf-16", "UTF-16"),
    b"\xfe\xff": ("utf-16", "UTF-16"),
}
"""Byte-order marks; the longer first."""
LATIN = {"cp1252": "Windows, Western Europe", "cp1250": "Windows, Central Europe", "mac_roman": "Macintosh"}
OLD_MAC = re.compile("[a-z][ŽŠŸ‡™\u02c6]|[‡™\u02c6][a-z]")
CENTRAL = re.compile("[¹³¿ºþ][a-z]|œæ")
"""What letters of the others become in words where they are read as those of Western Europe."""
CZECH, HUNGARIAN = (set("šž"), set("øìèùòï")), (set("õû"), set("öüÖÜ"))
SCRIPTS = {
    "cp932": ("[\u3041-\u30ff\u4e00-\u9fff]", 0.9, "Shift_JIS, Japanese"),
    "cp949": ("[\uac00-\ud7a3]", 0.9, "EUC-KR, Korean"),
    "cp1251": ("[\u0401\u0410-\u0451]", 0.95, "Windows, Cyrillic"),
    "gb18030": ("[\u4e00-\u9fff]", 0.9, "GBK, Chinese"),
}
"""Encodings of other scripts, by the share of letters of that script which they must give."""
KANA = re.compile("[\u3041-\u30ff]")
HALF_WIDTH = re.compile("[\uff61-\uff9f]")
CASED_WITHIN = re.compile("[\u0430-\u0451][\u0410-\u042f]")
"""A capital inside a word: text that is none of Cyrillic letters."""
SAMPLE, FEW = 200_000, 5


def decoded(raw: bytes, name: str, wanted: str | None) -> tuple[bytes, str]:
    """Return the contents as UTF-8 without a byte-order mark, and the name of the encoding found.

    Raises
    ------
    InputError
        The bytes are no text, or not of the encoding that is wanted.
    """
    if wanted is not None:
        return _decode_as(raw, name, wanted), wanted
    for mark, (encoding, called) in MARKS.items():
        if raw.startswith(mark):
            return _decode_as(raw, name, encoding), called
    for encoding, low in (("utf-16-le", raw[1:2000:2]), ("utf-16-be", raw[0:2000:2])):
        if len(low) > 1 and low.count(0) > len(low) / 2:
            return _decode_as(raw, name, encoding), "UTF-16 without a byte-order mark"
    if b"\x00" in raw[:1_000_000]:
        remedy = "Export it as CSV, or save the workbook as .xlsx."
        raise InputError.of(name, "is not a text file", remedy)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        encoding, called = _by_letters(raw)
        return _decode_as(raw, name, encoding), f"{called} ({encoding}), because it is not UTF-8"
    return raw, "UTF-8"


def _by_letters(raw: bytes) -> tuple[str, str]:
    """Return the encoding whose letters make words of one script; a Latin one where none does."""
    sample = raw[: raw.rfind(b"\n", 0, SAMPLE) + 1] or raw[:SAMPLE]
    western = sample.decode("cp1252", errors="replace")
    runs = len(re.findall(r"[^\x00-\x7f]+", western))
    accents = len(re.findall(r"(?<=[a-zA-Z])[^\x00-\x7f]+|[^\x00-\x7f]+(?=[a-zA-Z])", western))
    for encoding, (letters, least, called) in SCRIPTS.items():
        text = _try(sample, encoding) or ""
        foreign = [c for c in text if not c.isascii() and c.isalpha()]
        japanese = encoding == "cp932" and KANA.search(text) is not None and HALF_WIDTH.search(text) is None
        if len(foreign) < FEW or not (japanese or (encoding != "cp932" and 2 * accents <= runs)):
            continue
        share = sum(re.match(letters, c) is not None for c in foreign) / len(foreign)
        if share >= least and not (encoding == "cp1251" and CASED_WITHIN.search(text)):
            return encoding, called
    latin = _latin(western)
    return latin, LATIN[latin]


def _latin(western: str) -> str:
    """Return which Latin encoding it is, by what its letters become where it is another."""
    seen = set(western)
    if OLD_MAC.search(western):
        return "mac_roman"
    central = any(seen & first and seen & second for first, second in (CZECH, HUNGARIAN))
    return "cp1250" if central or CENTRAL.search(western) else "cp1252"


def _try(sample: bytes, encoding: str) -> str | None:
    try:
        return sample.decode(encoding)
    except UnicodeError:
        return None


def _decode_as(raw: bytes, name: str, encoding: str) -> bytes:
    try:
        return raw.decode(encoding).encode("utf-8")
    except LookupError:
        what = f"there is no encoding called '{encoding}'"
        raise InputError.of(name, what, "Usual ones are utf-8, cp1252, latin-1, utf-16.") from None
    except UnicodeError as error:
        line = raw[: getattr(error, "start", 0)].count(b"\n") + 1
        what = f"line {line} cannot be read as {encoding}"
        remedy = (
            "Save the file as 'CSV UTF-8', or name its encoding in a map (--map map.yaml): "
            f"files: {{{name}: {{path: {name}, encoding: cp1250}}}} (or cp1251, cp932, gb18030, big5, cp949)."
        )
        raise InputError.of(name, what, remedy) from None
