"""Other resource servers than ours (RFC 8707); the tokens for them are those of `tokens/resource_tokens.py`.

resources.py              the servers, as an operator registered them
reach.py                  which of them a grant names
authorization_details.py  and for which single things (RFC 9396)
"""
