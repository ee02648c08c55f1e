"""Audit: what happened, told once, in words that carry no secret and no personal data.

    events.py     every kind of event there is
    recorder.py   the one writer of an event: refuses what must not be in it
    writer.py     moves events from the state store's outbox to SQL, in order, losing none

An event is made in the request and queued in the state store; so nobody waits for SQL. What a hop or a session does is
told in the very round trip that does it, so neither happens without its event; what SQL or an operator's verb did is
told right after it. The writer runs beside the workers, under a lease; it takes an event out of the outbox only when
SQL has committed it.
"""
