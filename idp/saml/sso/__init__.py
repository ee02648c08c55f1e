"""Single sign-on: from a request to a Response (saml-profiles-2.0-os section 4.1).

incoming.py (who asks, proved) -> consumers.py (where the answer goes; until then an error is a page) -> request.py
(what is asked: formats.py by which name, levels.py how surely, attributes.py for what) -> sign_on.py (an answer at
once, or a transaction for `idp.login`) -> answers.py (the Response; statuses.py says why there is no assertion) ->
sending.py (by a form or by artifact)

resolution.py answers who comes with an artifact; pending.py keeps a request that came by POST while the browser goes
on.
"""
