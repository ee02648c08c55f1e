"""Operating the identity provider: the topmost layer, imported by nothing but `idp/app.py`.

Nothing stands here yet; until it does, operators use the `idp` command (`idp/cli`).
"""
