"""What is asked by one device and answered in a browser on another.

    device.py (RFC 8628; user_code.py is what the citizen types) or ciba.py (CIBA Core 1.0; ciba_request.py proves what
    was asked) -> awaited.py (what waits; inbox.py, for whom; citizen_code.py, whom he lets ask) -> approvals.py (what
    CIBA has him answer; own_page.py, how he signs in to see it) -> elsewhere.py (the front door to the sign-in) ->
    ping.py (the client is told that there is an answer) -> polling.py (one poll gets the tokens)

`idp.oidc.side_door` puts it together.
"""
