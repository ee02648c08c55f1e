"""Connectors: one file per kind of outside system that can say who a citizen is.

None stands here yet: citizens sign in against `idp.citizens` alone. A connector imports `federation` and libraries, and
never `idp` or `admin`; it is described by what it can do, and carries its own configuration and a worked example.
"""
