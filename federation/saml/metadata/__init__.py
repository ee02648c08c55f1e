"""Metadata (saml-metadata-2.0-os).

entity.py  what it says of one entity, in our words
writing.py  our own
"""
