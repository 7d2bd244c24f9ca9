"""Writes the tables beside it from Python's own html and unicodedata modules (Python 3.11: HTML5, Unicode 14).

Every table is sorted text, one entry a line: key, tab, value; characters are hexadecimal code points separated by blanks.
"""
import html
import html.entities
import os
import unicodedata


def points(text):
    return " ".join(f"{ord(c):X}" for c in text)


def write(name, rows):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.writelines(f"{key}\t{value}\n" for key, value in sorted(rows))


def uppercase_entities():
    """ftfy also decodes entity names that were upper-cased, such as &EACUTE;, where that is unambiguous."""
    for name, text in html.entities.html5.items():
        reference = "&" + name.upper()
        if name.endswith(";") and name == name.lower() and html.unescape(reference) == reference:
            yield name.upper(), points(text.upper())


def canonical():
    """One-level canonical decompositions; '=' marks those that NFC composes again."""
    for code in range(0x110000):
        parts = unicodedata.decomposition(chr(code))
        if parts and not parts.startswith("<"):
            composes = "=" if unicodedata.normalize("NFC", chr(code)) == chr(code) else ""
            yield f"{code:X}", " ".join(f"{int(p, 16):X}" for p in parts.split()) + composes


def width_forms():
    """Full-width and half-width forms that NFKC changes."""
    for code in range(0xFF01, 0xFFF0):
        normal = unicodedata.normalize("NFKC", chr(code))
        if normal != chr(code):
            yield f"{code:X}", points(normal)


if __name__ == "__main__":
    write("html5-entities.tsv", ((name, points(text)) for name, text in html.entities.html5.items()))
    write("html5-entities-uppercase.tsv", uppercase_entities())
    write("canonical-decompositions.tsv", canonical())
    write("combining-classes.tsv", ((f"{c:X}", unicodedata.combining(chr(c))) for c in range(0x110000) if unicodedata.combining(chr(c))))
    write("width-forms.tsv", width_forms())
