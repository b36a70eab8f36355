"""Which language a page speaks to somebody who is not logged in."""

from collections.abc import Iterable

DEFAULT = "en_US"


def pick_language(wanted: Iterable[str], installed: Iterable[str]) -> str:
    """Return the installed language (Odoo's code) that suits a browser best.

    :param wanted: tags of the Accept-Language header, the most wanted first: 'zh-CN', 'zh-Hant-HK', 'en'.
    :param installed: Odoo's codes: 'en_US', 'zh_CN', 'sr@latin'.
    :return: for each wanted tag in turn the exact match, else one of the same language, else English.
    """
    codes = {code.lower(): code for code in installed}
    by_language = {code.split("_")[0].split("@")[0]: name for code, name in reversed(sorted(codes.items()))}
    for tag in wanted:
        exact = tag.lower().replace("-", "_")
        found = codes.get(exact) or by_language.get(exact.split("_")[0])
        if found:
            return found
    return DEFAULT
