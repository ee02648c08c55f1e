"""Running a deployment: what stands around the requests.

preparing.py     what must be there before anything is opened
serve.py         the server, its workers, and the housekeeper beside them (Granian's home)
attendant.py     a process that stands by the server, and the way Ctrl-C takes
housekeeping.py  events moved to SQL, what expired removed, the stores looked after
purging.py       what is removed, and after how long
check.py         what is wrong with a deployment, and what to do
check_saml.py    the same of service providers and our keys towards them; finding.py: what a look yields
rekey.py         everything sealed done anew under the current master key
"""
