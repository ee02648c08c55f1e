"""What installs, and what it needs.

`templates/` stands at the top of the checkout, where people look for pages, and installs as `idp.templates`.
`tests/` never installs. Exact versions with hashes stand in the lock files; here, the ranges the code is written for.
The `passlib` API is provided by `libpass`, which installs the same import package: the two never stand side by side.
"""

from setuptools import find_namespace_packages, setup

PACKAGES = ["idp", "idp.*", "federation", "federation.*", "connectors", "connectors.*", "admin", "admin.*"]

DATA = [
    f"**/*.{ending}"
    for ending in ("lua", "mako", "ini", "sql", "json", "txt", "html", "css", "js", "svg", "po", "mo", "rng")
]

RUNTIME = [
    "alembic>=1.18,<2",
    "argon2-cffi>=25.1,<26",
    "babel>=2.17,<3",
    "bcrypt>=5,<6",
    "click>=8.2,<9",
    "cryptography>=50,<51",
    "flask>=3.1,<4",
    "granian>=2.8,<3",
    "joserfc>=1.8,<2",
    "ldap3>=2.9.1,<3",
    "libpass>=1.9.4,<2",
    "lxml>=6.1.3,<7",
    "msgspec>=0.20,<1",
    "prometheus-client>=0.24,<1",
    "psycopg[binary]>=3.3,<4",
    "pyop>=3.5,<3.6",
    "pyotp>=2.12,<3",
    "redis[hiredis]>=8.1,<9",
    "segno>=1.6,<2",
    "signxml>=5.2,<6",
    "sqlalchemy>=2,<3",
    "urllib3>=2.8,<3",
    "zxcvbn>=4.5,<5",
]

DEMO = [
    "authlib>=1.9,<2",
    "python3-saml>=1.16,<2",
    "requests>=2.34,<3",
    "xmlsec>=1.3.17,<1.4",
]

TEST = [
    "axe-playwright-python>=0.1.5,<0.2",
    "hypothesis>=6.170,<7",
    "mypy>=2.4,<3",
    "playwright>=1.55,<2",
    "pysaml2>=7.5.5,<8",
    "pytest>=9,<10",
    "pytest-timeout>=2.4,<3",
    "pytest-xdist>=3.8,<4",
    "ruff>=0.17,<0.18",
    "schemathesis>=4.32,<5",
    "types-ldap3>=2.9,<3",
    "types-lxml>=2026.2,<2027",
    "types-requests>=2.33,<3",
]

setup(
    name="citizen-idp",
    version="0.1.0",
    description="A national identity provider: a citizen signs in once and is known at every portal",
    long_description=__doc__,
    python_requires=">=3.11",
    packages=[*find_namespace_packages(include=PACKAGES), "idp.templates"],
    package_dir={"idp.templates": "templates"},
    package_data={"idp": DATA, "federation": DATA, "connectors": DATA, "admin": DATA, "idp.templates": ["**/*"]},
    exclude_package_data={"": ["__pycache__/*", "*.pyc"]},
    install_requires=RUNTIME,
    extras_require={"demo": DEMO, "test": TEST},
    entry_points={"console_scripts": ["idp = idp.cli:main"]},
    zip_safe=False,
)
