"""Other resource servers than ours, and the tokens for them (RFC 8707, RFC 9068).

resources.py              the servers, as an operator registered them
reach.py                  which of them a grant names
authorization_details.py  and for which single things (RFC 9396)
resource_tokens.py        the tokens; resource_record.py is what is kept of one
"""
