"""Metadata (saml-metadata-2.0-os).

entity.py    what it says of one entity, in our words
reading.py   EntityDescriptor -> entity; about.py: what people are shown of it
document.py  bytes -> service providers: one alone, or all of a signed aggregate
mdq.py       where the metadata of one entity is asked for; certificates.py: those that are pinned to a source
elements.py  small steps through what was parsed
writing.py   our own
"""
