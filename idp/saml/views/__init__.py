"""The endpoints of the SAML front door at their addresses.

leaving.py  /saml/slo: single logout
publishing.py  /saml/metadata: our metadata
"""
