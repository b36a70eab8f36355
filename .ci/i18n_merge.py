"""Merge freshly exported .pot files into ADDON/i18n: `i18n_merge.py ROOT ADDON.pot ...`.

A translation is kept as long as its source text stays. A new source text that Odoo itself translates takes
Odoo's words ("Created by"); the others stay empty and are listed, and so is what was dropped. A file
whose terms did not change is not written, so that dates alone make no diff.
"""

import sys
from functools import cache
from pathlib import Path

import polib

import odoo.addons

LANG = "zh_CN"
# Where Odoo's own words come from, the nearest first.
NEIGHBOURS = ("account", "sale", "sales_team", "payment", "account_payment", "portal", "mail", "web", "base")


@cache
def odoo_words():
    """Return Odoo's translations by source text, those of the nearest addon winning."""
    words = {}
    for addon in reversed(NEIGHBOURS):
        for folder in odoo.addons.__path__:
            path = Path(folder, addon, "i18n", f"{LANG}.po")
            if path.exists():
                words.update({e.msgid: e.msgstr for e in polib.pofile(str(path)) if e.translated()})
    return words


def facts(po):
    """Return what of a file matters: source texts, translations and where they are used."""
    return [(e.msgid, e.msgstr, e.comment, e.occurrences) for e in po]


def merged(pot, old):
    """Return a translation file with the terms of `pot` and the translations of `old`."""
    known = {entry.msgid: entry.msgstr for entry in old}
    new = polib.POFile()
    new.header = pot.header
    new.metadata = {
        **pot.metadata,
        "Language": LANG,
        "Plural-Forms": "nplurals=1; plural=0;",
        "PO-Revision-Date": old.metadata.get("PO-Revision-Date", pot.metadata["POT-Creation-Date"]),
    }
    for entry in pot:
        msgstr = known.get(entry.msgid) or odoo_words().get(entry.msgid, "")
        new.append(
            polib.POEntry(
                msgid=entry.msgid, msgstr=msgstr, comment=entry.comment, occurrences=entry.occurrences
            )
        )
    return new


def write(po, path):
    """Write `po` unless the file there says the same already."""
    if not path.exists() or facts(polib.pofile(str(path))) != facts(po):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{po}\n", encoding="utf-8")


def main(root, *exports):
    """Merge every export and say what is left to translate."""
    for export in map(Path, exports):
        folder = Path(root, export.stem, "i18n")
        pot = polib.pofile(str(export))
        target = folder / f"{LANG}.po"
        old = polib.pofile(str(target)) if target.exists() else polib.POFile()
        new = merged(pot, old)
        write(pot, folder / export.name)
        write(new, target)
        dropped = {e.msgid for e in old if e.msgstr} - {e.msgid for e in new}
        missing = [e.msgid for e in new if not e.msgstr]
        print(f"{export.stem}: {len(new)} terms, {len(missing)} untranslated, {len(dropped)} dropped")
        for sign, terms in (("?", missing), ("-", sorted(dropped))):
            for term in terms:
                print(f"  {sign} {term!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
