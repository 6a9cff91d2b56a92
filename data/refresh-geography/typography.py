"""Owns the typography of French texts: apostrophes, and the spaces that must not break. Names of territories keep the
spelling of their source."""

import re

TEXTS = {"title", "summary", "description", "note", "notes", "source_location"}

NO_BREAK, NARROW = "\u00a0", "\u202f"
RULES = [
    (re.compile(r"'"), "’"),
    (re.compile(r"«\s*"), "«" + NO_BREAK),
    (re.compile(r"\s*»"), NO_BREAK + "»"),
    (re.compile(r"(?<=\S)\s(?=:(\s|$))"), NO_BREAK),
    (re.compile(r"(?<=\S)\s(?=[;!?](\s|$))"), NARROW),
    (re.compile(r"(?<=\d)[ \u00a0](?=\d{3}(?!\d))"), NARROW),
    (re.compile(r"(?<=\d)\s(?=[%€])"), NO_BREAK),
    (re.compile(r"\bn°\s(?=\d)"), "n°" + NO_BREAK),
]


def french(text):
    """The text with typographic apostrophes and no-break spaces."""
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text


def row(values):
    """A row, or the header of a manifest, with its French texts so written."""
    return {key: french(value) if key in TEXTS and isinstance(value, str) else value for key, value in values.items()}
