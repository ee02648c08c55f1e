"""The endpoints of the SAML front door at their addresses.

sign_on.py  /saml/sso, /saml/start, /saml/artifact: single sign-on
leaving.py  /saml/slo: single logout
publishing.py  /saml/metadata: our metadata
"""
