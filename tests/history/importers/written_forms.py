"""The company of ``forms`` as other programs write it: encodings, archives, delimiters, days."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from tests.history.importers.forms import (
    SALESFORCE,
    Form,
    Tongue,
    as_csv,
    blocks,
    cells_of,
    company,
    of_one_file,
    table,
)

ENGLISH = SALESFORCE["English"]
ROWS = table(ENGLISH)
HEAD = ROWS[0]
TONGUES = {
    name: Tongue(cells_of(headings), cells_of(stages))
    for name, (headings, stages) in blocks("""
Chinese
业务机会编号 | 业务机会名称 | 阶段 | 金额 | 创建日期 | 结束日期
资格审查 | 提案 | 赢单 | 输单

Korean
영업 기회 ID | 영업 기회 이름 | 단계 | 금액 | 생성일 | 마감일
자격 확인 | 제안 | 수주 | 실주

Russian
Opportunity ID | Opportunity Name | Stage | Amount | Created Date | Close Date
Квалификация | Предложение | Выиграна | Проиграна

Polish
ID szansy | Nazwa szansy | Etap | Wartość | Data utworzenia | Data zamknięcia
Kontakt | Oferta | Zamknięte - wygrane | Zamknięte - przegrane

Czech
Opportunity ID | Opportunity Name | Stage | Amount | Created Date | Close Date
Kvalifikace | Nabídka | Úspěšně vyhráno | Ztraceno
""").items()
}
ENCODED: dict[str, tuple[str, Tongue, str]] = {
    "Shift_JIS": ("cp932", SALESFORCE["Japanese"], "取引"),
    "GBK": ("gbk", TONGUES["Chinese"], "机会"),
    "EUC-KR": ("cp949", TONGUES["Korean"], "기회"),
    "Windows Cyrillic": ("cp1251", TONGUES["Russian"], "Сделка"),
    "Windows, Polish": ("cp1250", TONGUES["Polish"], "Zażółć"),
    "Windows, Czech": ("cp1250", TONGUES["Czech"], "Příležitost"),
    "Macintosh": ("mac_roman", SALESFORCE["French"], "Société Générale"),
    "UTF-32": ("utf-32", ENGLISH, "Müller"),
}
"""Encoding, language and the name of all deals."""
WRITTEN: dict[str, Callable[[dt.datetime], str]] = {
    "blanks behind points": lambda d: f"{d.day}. {d.month}. {d.year}",
    "Buddhist years": lambda d: f"{d:%d/%m}/{d.year + 543}",
    "Japanese eras": lambda d: f"令和{d.year - 2018}年{d.month}月{d.day}日",
    "ordinal numbers": lambda d: f"{d.day}{'st' if d.day == 1 else 'th'} {d:%B} {d:%Y}",
    "a day of the week": lambda d: f"{d:%A, %B} {d.day}, {d:%Y}",
}
SAID: dict[str, tuple[Callable[[dt.datetime], str], str]] = {
    "months": (lambda d: f"{d:%Y-%m}", 'date_format: "last_day"'),
    "quarters": (lambda d: f"Q{(d.month + 2) // 3} {d.year}", 'date_format: "last_day"'),
    "months in words": (lambda d: f"{d:%b} {d.year}", 'date_format: "first_day"'),
    "blanks between": (lambda d: f"{d:%d %m %Y}", 'date_format: "%d %m %Y"'),
    "short days of the week": (lambda d: f"{d:%a %m/%d/%Y}", 'date_format: "%a %m/%d/%Y"'),
}


def written_forms() -> Iterator[Form]:
    """Yield the deals in other encodings, archives, delimiters and days."""
    for name, (encoding, tongue, deal_name) in ENCODED.items():
        rows = [[row[0], deal_name if i else row[1], *row[2:]] for i, row in enumerate(table(tongue))]
        yield Form(f"encoded in {name}", "salesforce", {"d.csv": as_csv(rows, encoding=encoding)})
    for name, write in WRITTEN.items():
        yield of_one_file(f"days with {name}", _dated(write))
    for name, (write, fix) in SAID.items():
        says = "date_format: " if "%" in fix else fix
        yield of_one_file(f"days as {name}", _dated(write), fix=fix, says=says)
    plain = as_csv(ROWS)
    yield Form("an archive of one file", "salesforce", {"d.zip": _zipped({"Opportunity.csv": plain})})
    yield Form("old lines of a Macintosh", "salesforce", {"d.csv": plain.replace(b"\r\n", b"\r")})
    yield Form("a delimiter at each end", "salesforce", {"d.csv": plain.replace(b"\r\n", b",\r\n")})
    heading, rest = plain.split(b"\r\n", 1)
    ends = heading + b"\r\n" + rest.replace(b"\r\n", b",,\r\n")
    yield Form("delimiters at the ends of rows only", "salesforce", {"d.csv": ends})
    yield of_one_file("the headings again", [*ROWS[:10], HEAD, *ROWS[10:]])
    numbered = [["" if i == 0 else i, *row] for i, row in enumerate(ROWS)]
    yield of_one_file("numbers of rows in front", numbered)
    quoted = [[f'="{row[0]}"' if i else row[0], *row[1:]] for i, row in enumerate(ROWS)]
    yield of_one_file("ids as formulas of text", quoted)
    noted = [[*row, 'line one\nline "two", ok' if i else "Note"] for i, row in enumerate(ROWS)]
    yield of_one_file("lines inside of cells", noted)
    fix = "files: {d.csv: {path: d.csv, delimiter: '^'}}"
    yield Form("split by carets", "salesforce", {"d.csv": as_csv(ROWS, "^")}, fix=fix, says=fix)


def _dated(write: Callable[[dt.datetime], str]) -> list[list[Any]]:
    """Return the rows with their days as ``write`` has them."""
    rows = zip(ROWS[1:], company(), strict=True)
    return [HEAD, *[[*row[:4], write(deal["created"]), write(deal["close"])] for row, deal in rows]]


def _zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()
