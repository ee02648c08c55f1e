"""Between "somebody asks" and "we know who, and how surely". Knows neither OIDC nor SAML.

A front door (`door.py`) turns its request into an `Ask` (`party.py`: who asks) and stores it as a transaction
(`transaction.py`). `dispatch.py` looks at the ask and the SSO session and names the next step; steps never call one
another:

    PASSWORD      /login                 password.py, password_policy.py
    TOTP          /login/otp             totp.py; /login/recovery  recovery.py
    NEW_PASSWORD  /login/new-password    renewal.py
    CONSENT       /consent               consent.py, consent_view.py
    RESPOND       back to the front door that asked

`flow.py` does the steps, `views/` shows them, `assurance.py` names the levels. `throttle.py` counts attempts: by
account, by source (`sources.py`) and by known browser (`browsers.py`), so that an attacker slows himself and not the
owner.
"""
