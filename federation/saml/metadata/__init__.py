"""Metadata (saml-metadata-2.0-os).

entity.py    what it says of one entity, in our words
reading.py   EntityDescriptor -> entity; about.py: what people are shown of it
document.py  a document that an operator brings
elements.py  small steps through what was parsed
writing.py   our own
"""
