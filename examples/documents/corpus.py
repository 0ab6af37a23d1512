"""The demo's texts, the jobs made of them, and how their answers are scored."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
EXTRACTABLE = {"invoices": "invoice", "delivery-notes": "delivery note"}
SUMMARISED = ("tickets", "minutes", "clauses", "reviews")
CURRENCIES = ["EUR", "USD", "GBP", "CHF"]
FIELDS: dict[str, dict[str, str]] = {
    "invoices": {
        "from": "supplier",
        "invoice number": "number",
        "invoice date": "date",
        "total to pay": "total",
        "currency": "currency",
    },
    "delivery-notes": {
        "from": "sender",
        "delivery note number": "number",
        "delivery date": "date",
        "number of packages": "packages",
    },
}
"""Kind → the words that the model is asked with → our name of the field."""
MONTHS = (
    "january januar janvier enero gennaio januari stycznia",
    "february februar février febrero febbraio februari lutego",
    "march märz mars marzo maart marca",
    "april avril abril aprile kwietnia",
    "may mai mayo maggio mei maja",
    "june juni juin junio giugno czerwca",
    "july juli juillet julio luglio lipca",
    "august août agosto augustus sierpnia",
    "september septembre septiembre settembre września",
    "october oktober octobre octubre ottobre października",
    "november novembre noviembre listopada",
    "december dezember décembre diciembre dicembre grudnia",
)
MONTH_OF = {name: number for number, names in enumerate(MONTHS, 1) for name in names.split()}
_MONTH = "|".join(sorted(MONTH_OF, key=len, reverse=True))
DATE = re.compile(
    r"\b(?:\d{4}-\d\d-\d\d|\d\d?[./-]\d\d?[./-]\d{4}"
    rf"|\d\d?(?:er|\.)? (?:de )?(?:{_MONTH})(?: de)? \d{{4}}|(?:{_MONTH}) \d\d?, \d{{4}})\b",
    re.IGNORECASE,
)
AMOUNT = re.compile(r"(?<![\w.,/])\d{1,3}(?:[.,' ]\d{3})*[.,]\d\d(?![\w/])")
COUNT = re.compile(r"(?<![\w.,/-])[1-9]\d{0,2}(?![\w,./-])(?! ?(?:kg|mm|lb|g|l)\b)")
NUMBER = re.compile(r"(?:\b[A-Z]{1,3} )?(?<![\w.,/-])(?=[\w/-]*[1-9])[\w/-]{3,}(?![\w/-]|[.,]\d)")
MOST_EXTRACTED = 120  # tokens: the longest expected record has about 70
MOST_SUMMARISED = 60
LONGEST_SUMMARISED = 6000  # characters: with the prompt they stay below the lane's 4,096 tokens
CENT = 0.005
LAST_DAY = 31


@dataclass(frozen=True)
class Document:
    """One text and its job."""

    kind: str
    name: str
    lane: str
    job: dict[str, Any]
    expected: dict[str, Any] | None = None


def schema(kind: str, text: str) -> dict[str, Any]:
    """The JSON Schema of an answer: a value is one of those in the text that have its form, so it can only be copied.
    Where the text has none, any text will do.
    """
    found = {**candidates(text), "currency": CURRENCIES}
    forms = {
        asked: {"enum": found[name]} if found[name] else {"type": "string", "maxLength": 60}
        for asked, name in FIELDS[kind].items()
    }
    return {"type": "object", "properties": forms, "required": list(forms)}


def candidates(text: str) -> dict[str, list[Any]]:
    """Field → everything in the text that has the form of its values, in the text's order."""
    undated = DATE.sub(";", text)
    found = {
        "date": DATE.findall(text),
        "number": [part for each in NUMBER.findall(undated) for part in (each, each.split(" ")[-1]) if _numbered(part)],
        "total": AMOUNT.findall(text),
        "packages": [int(each) for each in COUNT.findall(undated)],
        "supplier": _names(text),
        "sender": _names(text),
    }
    return {name: list(dict.fromkeys(values)) for name, values in found.items()}


def _numbered(text: str) -> bool:
    return any(each.isdigit() for each in text)


def _names(text: str) -> list[str]:
    """Pieces of lines without their labels, with and without what follows a comma, that begin like a name."""
    pieces = [piece.rpartition(":")[2].strip() for line in text.splitlines() for piece in re.split(r"\s{2,}| - ", line)]
    whole = [name for piece in pieces for name in (piece, piece.split(",")[0])]
    return [name for name in whole if name[:1].isupper() and not _numbered(name)]


def completion_prompt(kind: str, text: str) -> str:
    """The text, and the beginning of what a base model should go on with. Worked examples would be copied from."""
    title, (*first, last) = EXTRACTABLE[kind], FIELDS[kind]
    asked = f"The {', '.join(first)} and {last} copied from this {title}:"
    return f"```{title}.txt\n{text.strip()}\n```\n\n{asked}\n```json\n"


def documents(per_kind: int | None = None) -> list[Document]:
    """Every text of the corpus or the shortest of each kind, extractable ones first, short ones before long ones."""
    found = [_extraction(kind, path) for kind in EXTRACTABLE for path in _texts(kind)[:per_kind]]
    return found + [_summary(kind, path) for kind in SUMMARISED for path in _texts(kind)[:per_kind]]


def _extraction(kind: str, path: Path) -> Document:
    text = path.read_text()
    job = {
        "id": f"{kind}-{path.stem}",
        "prompt": completion_prompt(kind, text),
        "raw": True,
        "format": schema(kind, text),
        "options": {"temperature": 0, "num_predict": MOST_EXTRACTED},
        "labels": {"kind": kind},
    }
    return Document(kind, path.stem, "fast", job, _json(HERE / "expected" / f"{kind}.json")[path.stem])


def _summary(kind: str, path: Path) -> Document:
    text = path.read_text()[:LONGEST_SUMMARISED]
    job = {
        "id": f"{kind}-{path.stem}",
        "messages": [
            {"role": "system", "content": "You summarise office texts in one short English sentence."},
            {"role": "user", "content": f"Summarise this text in one sentence:\n\n{text}"},
        ],
        "options": {"temperature": 0, "num_predict": MOST_SUMMARISED},
        "labels": {"kind": kind},
    }
    return Document(kind, path.stem, "slow", job)


def right_fields(document: Document, answer: Any) -> dict[str, bool]:
    """Field → whether the answer has it right: case and spaces don't count in texts, half a cent in numbers."""
    if document.expected is None:
        return {}
    given = normalised(document.kind, answer)
    return {name: _same(value, given.get(name)) for name, value in document.expected.items()}


def normalised(kind: str, answer: Any) -> dict[str, Any]:
    """The answer under our names, dates as YYYY-MM-DD and amounts as numbers; what can't be read stays as it is."""
    given = answer if isinstance(answer, dict) else {}
    read = {"date": _iso_date, "total": _amount}
    named = {name: given[asked] for asked, name in FIELDS[kind].items() if asked in given}
    return {name: read[name](value) if name in read else value for name, value in named.items()}


def _iso_date(written: Any) -> Any:
    """Day first, as in most countries of the corpus, unless the month would be above 12."""
    numbers = [int(each) for each in re.findall(r"\d+", str(written))]
    months = [MONTH_OF[word] for word in re.findall(r"[^\W\d_]+", str(written).casefold()) if word in MONTH_OF]
    if len(numbers) + len(months[:1]) != len(("day", "month", "year")):
        return written
    if months:
        day, month, year = numbers[0], months[0], numbers[1]
    elif numbers[0] > LAST_DAY:
        year, month, day = numbers
    else:
        day, month, year = numbers
    day, month = (month, day) if month > len(MONTHS) else (day, month)
    return f"{year:04}-{month:02}-{day:02}"


def _amount(written: Any) -> Any:
    """A separator before the last two digits is the decimal one, every other one groups."""
    digits = re.sub(r"[^\d]", "", str(written))
    if not digits:
        return written
    return int(digits) / 100 if re.search(r"[.,]\d\d$", str(written)) else float(digits)


def _same(expected: Any, given: Any) -> bool:
    if isinstance(expected, str):
        return isinstance(given, str) and " ".join(given.casefold().split()) == " ".join(expected.casefold().split())
    return isinstance(given, int | float) and abs(given - expected) < CENT


def _texts(kind: str) -> list[Path]:
    return sorted((HERE / "texts" / kind).glob("*.txt"), key=lambda path: (path.stat().st_size, path.name))


def _json(path: Path) -> Any:
    return json.loads(path.read_text())
