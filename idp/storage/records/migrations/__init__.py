"""How the tables came to be. `env.py` is run by Alembic; `versions/` has one file for each step."""
