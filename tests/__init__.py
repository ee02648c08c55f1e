"""The tests; they never install.

unit/        rules, as tables
contracts/   one suite for each store's interface, run over every implementation with parallel callers
spec/        one specification, one file; names carry the clause
operation/   what no specification says: serving, outages, budgets, the operator's verbs, a citizen's standing, the demo
journeys/    a real browser and real clients against the real server
attacks/     every attack stays as a fixture
bench/       what `make bench` measures
data/        vectors with their provenance
support/     real parts started privately on loopback (Redis, PostgreSQL, Chromium), a clock that stands, bytes that
repeat
"""
