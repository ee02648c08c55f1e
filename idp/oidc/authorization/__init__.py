"""A request to /authorize, from the browser's query to the answer.

idp/parameters.py (syntax) -> par.py, jar.py (what the client pushed or signed) -> target.py (client and redirect
address, proved first; until then an error is a page) -> rules.py (one function a parameter; claims_parameter.py for
the one that is JSON) -> idp.oidc.provider (pyop's validators and orchestration) -> request.py (what was proved, as
it travels on) -> authorize.py (a code in one guarded write under the session's leg, or a
transaction for `idp.login`) -> jarm.py (the answer as a JWT, where the request asks for one)
"""
