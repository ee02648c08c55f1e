"""Every page, its style sheet, its emblem and its words; installs as `idp.templates`.

    base.html      the frame of every page: skip link, emblem, language and large-print links, footer
    parts.html     the macros pages share: alert, who asks, form tokens
    *.html         one page each, named by the dataclass of `idp.pages` that it shows
    static/        one style sheet, the emblem, the icon
    translations/  gettext catalogues; the message ids are the English words

To add words: write them in English in `_("…")` or `{% trans %}`, add the message to both catalogues. An empty
translation in `en` means "as it is". `tests/unit/test_pages.py` names each message that lacks a translation.
"""
