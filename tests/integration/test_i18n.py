"""Translations: the .pot files say what the sources say, and Chinese is complete and right in form."""

import io
import re
from collections import Counter
from functools import cache
from pathlib import Path

import polib

from odoo.tools.translate import code_translations, trans_export

from ..common import ARCase

ROOT = Path(__file__).resolve().parents[2]
# Glue without words of its own has none.
ADDONS = sorted(path.parent.name for path in ROOT.glob("ar_*/i18n"))
HINT = "run ./ar i18n"

# %s, %(name)s, %.2f, {{ expression }}, {name}, and the tags of markup: what must survive a translation unchanged.
PLACEHOLDER = re.compile(
    r"%\(\w+\)[-+ #0-9.]*[a-zA-Z]|%[-+#0-9.]*[sdifg](?![a-zA-Z])|\{\{.*?\}\}|\{\w*\}|</?[a-zA-Z][\w-]*"
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Names, codes and abbreviations that are the same in Chinese.
SAME_IN_CHINESE = re.compile(
    r"\b(ID|URL|QR|PDF|XLSX|CSV|Alipay|WeChat Pay|UnionPay|AR|RSA2|App ID|SVG|PNG|UUID)\b"
)


def is_english(text):
    """Whether a text has English words and no Chinese character."""
    rest = SAME_IN_CHINESE.sub("", PLACEHOLDER.sub("", text))
    return bool(re.search("[A-Za-z]", rest)) and not CHINESE.search(text)


@cache
def committed(addon, name):
    """Return a translation file of an addon."""
    return polib.pofile(str(ROOT / addon / "i18n" / name))


class TranslationCase(ARCase):
    def assert_none(self, offenders, rule):
        offenders = sorted(offenders)
        self.assertFalse(offenders, f"{rule}:\n  " + "\n  ".join(offenders))


class TestTranslationFiles(TranslationCase):
    def exported(self, addon):
        with io.BytesIO() as buffer:
            trans_export(None, [addon], buffer, "po", self.env)
            return polib.pofile(buffer.getvalue().decode())

    def test_pot_files_are_fresh(self):
        for addon in ADDONS:
            with self.subTest(addon):
                now = {entry.msgid for entry in self.exported(addon)}
                self.assertGreater(len(now), 5)
                then = {entry.msgid for entry in committed(addon, f"{addon}.pot")}
                self.assert_none(now - then, f"missing in {addon}.pot, {HINT}")
                self.assert_none(then - now, f"in {addon}.pot, but no longer in the sources, {HINT}")

    def test_chinese_has_exactly_the_terms_of_the_pot(self):
        for addon in ADDONS:
            with self.subTest(addon):
                pot = {entry.msgid for entry in committed(addon, f"{addon}.pot")}
                chinese = {entry.msgid for entry in committed(addon, "zh_CN.po")}
                self.assert_none(pot ^ chinese, f"only in one of the two files of {addon}, {HINT}")

    def test_chinese_is_complete(self):
        for addon in ADDONS:
            with self.subTest(addon):
                po = committed(addon, "zh_CN.po")
                self.assert_none((e.msgid for e in po if not e.msgstr), f"{addon}: untranslated")
                self.assert_none((e.msgid for e in po if e.fuzzy), f"{addon}: fuzzy, yet Odoo would load it")
                self.assert_none((e.msgid for e in po.obsolete_entries()), f"{addon}: obsolete")

    def test_chinese_is_chinese(self):
        for addon in ADDONS:
            with self.subTest(addon):
                self.assert_none(
                    (
                        f"{entry.msgid!r} -> {entry.msgstr!r}"
                        for entry in committed(addon, "zh_CN.po")
                        if entry.msgstr and is_english(entry.msgstr)
                    ),
                    f"{addon}: translated without a Chinese character",
                )

    def test_placeholders_and_markup_survive(self):
        for addon in ADDONS:
            with self.subTest(addon):
                self.assert_none(
                    (
                        f"{entry.msgid!r} -> {entry.msgstr!r}"
                        for entry in committed(addon, "zh_CN.po")
                        if Counter(PLACEHOLDER.findall(entry.msgid))
                        != Counter(PLACEHOLDER.findall(entry.msgstr))
                    ),
                    f"{addon}: placeholders or tags differ",
                )

    def test_one_english_word_has_one_chinese_word(self):
        """Three addons share a screen: the same label must read the same in all."""
        words = {}
        for addon in ADDONS:
            for entry in committed(addon, "zh_CN.po"):
                words.setdefault(entry.msgid, {}).setdefault(entry.msgstr, addon)
        self.assert_none(
            (f"{msgid!r}: {translations}" for msgid, translations in words.items() if len(translations) > 1),
            "translated differently",
        )


class TestChineseScreens(TranslationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.zh = cls.env(context={"lang": "zh_CN"})

    def our_records(self, model):
        """Return the records of a model that our addons define, read in Chinese."""
        data = self.env["ir.model.data"].search([("module", "in", ADDONS), ("model", "=", model)])
        return self.zh[model].browse(data.mapped("res_id")).exists()

    def test_menus_actions_and_groups_are_chinese(self):
        for model in (
            "ir.ui.menu",
            "ir.actions.act_window",
            "res.groups",
            "res.groups.privilege",
            "ir.model",
        ):
            with self.subTest(model):
                records = self.our_records(model)
                self.assertTrue(records)
                # Models of Odoo that we extend carry Odoo's name.
                ours = (
                    records if model != "ir.model" else records.filtered(lambda m: m.model.startswith("ar."))
                )
                self.assert_none((r.name for r in ours if is_english(r.name)), "English for a Chinese user")

    def test_views_of_our_models_are_chinese(self):
        models = self.our_records("ir.model").filtered(lambda m: m.model.startswith("ar.") and not m.abstract)
        self.assertTrue(models)
        wrong = []
        for model in models.mapped("model"):
            fields = self.zh[model].fields_get(attributes=["string", "selection"])
            # Odoo's own fields (activities, messages, ...) are as Chinese as Odoo is.
            own = [name for name in fields if self.env[model]._fields[name]._module in ADDONS]
            labels = {f"{model}.{name}": fields[name]["string"] for name in own}
            for name in own:
                for value, label in fields[name].get("selection", ()):
                    labels[f"{model}.{name}={value}"] = label
            wrong += [f"{where}: {label}" for where, label in labels.items() if is_english(label)]
        self.assert_none(wrong, "English for a Chinese user")

    def test_the_settings_page_is_chinese(self):
        arch = self.zh["res.config.settings"].get_view(view_type="form")["arch"]
        ours = [
            (entry.msgid, entry.msgstr)
            for addon in ADDONS
            for entry in committed(addon, "zh_CN.po")
            if any("res_config_settings_view_form" in where for where, _line in entry.occurrences)
        ]
        self.assertTrue(ours)
        for _english, chinese in ours:
            self.assertIn(chinese, arch)

    def test_messages_in_the_code_are_chinese(self):
        """Odoo reads the texts of Python and JavaScript from zh_CN.po at run time."""
        for addon in ADDONS:
            with self.subTest(addon):
                marked = [
                    e for e in committed(addon, "zh_CN.po") if any("code:" in o for o, _line in e.occurrences)
                ]
                loaded = dict(code_translations.get_python_translations(addon, "zh_CN"))
                loaded.update(
                    (message["id"], message["string"])
                    for message in code_translations.get_web_translations(addon, "zh_CN")["messages"]
                )
                self.assert_none((e.msgid for e in marked if loaded.get(e.msgid) != e.msgstr), "not loaded")
