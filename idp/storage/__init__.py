"""Where things are kept, each kind behind a contract.

* `state.py`     the contract of everything that expires: transactions, sessions, codes, tokens, counters, the outbox
* `embedded/`    keeps it in one SQLite file that all workers of a machine share
* `redis/`       keeps it in Redis, with one script of `lua/` for each verb
* `open.py`      from an address to one of the two
* `names.py`     how names read back from a store become keys again
* `condition.py` what the servers behind the stores say of themselves, for `idp check`
* `records/`     everything that lasts, in SQL
"""
