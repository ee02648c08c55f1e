"""Between "somebody asks" and "we know who, and how surely". Knows neither OIDC nor SAML.

A front door (`door.py`) turns its request into an `Ask` and stores it as a transaction (`transaction.py`).
`dispatch.py` looks at the ask and the SSO session and names the next step; the steps never call one another:

    PASSWORD  /login            password.py, password_policy.py, throttle.py
    TOTP      /login/otp        totp.py; /login/recovery  recovery.py
    CONSENT   /consent          consent.py
    RESPOND   back to the front door that asked

`flow.py` does the steps, `views.py` shows them, `assurance.py` names the levels.
"""
