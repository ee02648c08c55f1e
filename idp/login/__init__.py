"""Between "somebody asks" and "we know who, and how surely". Knows neither OIDC nor SAML.

A front door (`door.py`) turns its request into an `Ask` (`party.py`: who asks) and stores it as a transaction
(`transaction.py`). `settling.py` looks up what `dispatch.py` needs, to name the next step from the ask and the SSO
session, or to refuse; steps never call one another:

    PASSWORD      /login                 password.py, password_policy.py; hint.py, whom the relying party expects
    TOTP          /login/otp             totp.py; /login/recovery  recovery.py
    NEW_PASSWORD  /login/new-password    renewal.py
    CONSENT       /consent               consent.py, consent_page.py; consenting.py, the citizen's answer
    RESPOND       back to the front door that asked

`flow.py` does the authenticators' steps, `arriving.py` ends them with a session, `views/` shows all of them,
`assurance.py` names the levels, `legs.py` what a session remembers of an ask. `attempts.py` admits an attempt,
`outcomes.py` tells how it ended. `throttle.py` counts attempts: by account, by source (`idp.sources`) and by known
browser (`browsers.py`), so that an attacker slows himself and not the owner.
"""
