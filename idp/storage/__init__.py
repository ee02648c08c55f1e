"""Where things are kept, each kind behind a contract.

* `state.py`     the contract of everything that expires: transactions, sessions, codes, tokens, counters, the outbox
* `embedded/`    keeps it in one SQLite file that all workers of a machine share
* `redis/`       keeps it in Redis, with one script of `lua/` for each verb
* `open.py`      from an address to one of the two
* `records/`     everything that lasts, in SQL
"""
