"""The table of who may import what: one row per third-party library, one per layer rule.

A home is a path pattern. Replacing a library touches its home and nothing else.
"""

from dataclasses import dataclass

# From the lowest to the highest: a package imports itself and those before it.
LAYERS = ("federation", "connectors", "idp", "admin")

# The composition root joins all of them.
ROOT = "idp/app.py"


@dataclass(frozen=True)
class Library:
    """A distribution of setup.py, what it brings to import, and the files that may."""

    distribution: str
    imports: tuple[str, ...]
    homes: tuple[str, ...]
    # Its home is not written yet.
    awaited: bool = False


_WEB = ("idp/http/*", "idp/app.py", "*views.py", "*/views/*", "idp/demo/*")

LIBRARIES = (
    Library("alembic", ("alembic",), ("idp/storage/*",)),
    Library("argon2-cffi", ("argon2",), ("idp/login/password.py",)),
    Library("authlib", ("authlib",), ("idp/demo/*",)),
    Library("babel", ("babel",), ("idp/pages/*",)),
    Library("bcrypt", ("bcrypt",), ("idp/login/password.py",)),
    Library("click", ("click",), ("idp/cli/*",)),
    Library(
        "cryptography",
        ("cryptography",),
        (
            "idp/vault/*",
            "idp/oidc/jose/keys.py",
            "idp/oidc/jose/jws.py",
            "idp/oidc/clients/mtls.py",
            "federation/saml/*",
        ),
    ),
    Library("flask", ("flask", "werkzeug"), _WEB),
    Library("granian", ("granian",), ("idp/running/serve.py",)),
    Library("joserfc", ("joserfc",), ("idp/oidc/jose/jws.py", "idp/oidc/jose/jwe.py")),
    Library("ldap3", ("ldap3",), ("connectors/ldap.py",), awaited=True),
    Library("libpass", ("passlib",), ("idp/login/password.py",)),
    Library("lxml", ("lxml",), ("federation/saml/*",)),
    Library("msgspec", ("msgspec",), ("idp/codec.py",)),
    Library("prometheus-client", ("prometheus_client",), ("idp/metrics.py",)),
    Library("psycopg", ("psycopg",), ("idp/storage/*",)),
    Library("pyop", ("pyop", "oic", "jwkest", "Cryptodome"), ("idp/oidc/provider.py",)),
    Library("pyotp", ("pyotp",), ("idp/login/totp.py",)),
    Library("python3-saml", ("onelogin",), ("idp/demo/*",)),
    Library("redis", ("redis", "hiredis"), ("idp/storage/*",)),
    Library("requests", ("requests",), ("idp/demo/*",)),
    Library("segno", ("segno",), ("idp/pages/qr.py",)),
    Library("signxml", ("signxml",), ("federation/saml/*",)),
    Library("sqlalchemy", ("sqlalchemy",), ("idp/storage/*",)),
    Library("urllib3", ("urllib3",), ("federation/fetch.py",)),
    Library("xmlsec", ("xmlsec",), ("idp/demo/*",)),
    Library("zxcvbn", ("zxcvbn",), ("idp/login/password_policy.py",)),
)

# What comes with one of the above, or with Python, and has a home all the same.
COMPANIONS = (
    Library("jinja2", ("jinja2", "markupsafe"), ("idp/pages/*",)),
    Library(
        "the standard library's HTTP clients",
        ("urllib.request", "http.client", "ftplib"),
        ("federation/fetch.py",),
    ),
    Library("the standard library's SQLite", ("sqlite3",), ("idp/storage/*",)),
)


@dataclass(frozen=True)
class Apart:
    """Files under `these` never import modules under `those`; `because` is the reason a failing test gives."""

    these: str
    those: tuple[str, ...]
    because: str
    but: tuple[str, ...] = ()


OIDC = (
    "jose",
    "clients",
    "resources",
    "tokens",
    "authorization",
    "decoupled",
    "grants",
    "leaving",
    "registration",
    "views",
)
"""The folders of `idp/oidc`; none imports one that stands after it."""
OIDC_DOORS = ("idp.oidc.front_door", "idp.oidc.side_door")

APART = (
    *(
        Apart(
            f"idp/oidc/{folder}/*",
            (*(f"idp.oidc.{above}" for above in OIDC[floor + 1 :]), *OIDC_DOORS),
            "it stands above in the order that idp/oidc/__init__.py gives",
        )
        for floor, folder in enumerate(OIDC)
    ),
    Apart("idp/oidc/*", ("idp.saml",), "the front doors do not know each other"),
    Apart("idp/saml/*", ("idp.oidc",), "the front doors do not know each other"),
    Apart("idp/login/*", ("idp.oidc", "idp.saml", "idp.errors"), "a login speaks no protocol"),
    Apart("idp/leaving/*", ("idp.oidc", "idp.saml", "idp.errors"), "each door hands in its messenger"),
    Apart("idp/citizens/*", ("idp.login", "idp.oidc", "idp.saml"), "a citizen is there before anybody signs in"),
    Apart("idp/storage/*", ("idp.login", "idp.http"), "stores know neither steps nor requests"),
    Apart(
        "federation/*",
        ("flask", "werkzeug", "sqlalchemy", "redis", "sqlite3"),
        "federation knows no web framework and no store",
    ),
    Apart("*", ("tests", "setuptools"), "what is deployed needs neither tests nor build tools"),
    Apart("*", ("idp.demo",), "the demo is a guest that nothing rests on", ("idp/demo/*", "idp/cli/*")),
    Apart(
        "*",
        ("idp.app",),
        "only what starts the program knows its root",
        ("idp/app.py", "idp/running/serve.py", "idp/cli/*", "idp/running/check.py", "idp/demo/seed.py"),
    ),
)
