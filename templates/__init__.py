"""Every page, style and translation. Stands at the top of the checkout and installs as `idp.templates`; rendered by `idp/pages.py`.

Holds no code: pages are Jinja templates, styles and pictures are served as they are, translations are gettext catalogues.
"""
