"""The OIDC endpoints at their addresses: the request's parts in, the endpoint's answer out, each error in its family's
form.

answering.py    what the pages of approving.py and entering.py share
approving.py    /approve and its pages
authorizing.py  /authorize, whose errors are pages until there is somewhere to send the browser
calling.py      what relying parties' servers call, whose errors are JSON
entering.py     /device and its pages
interaction.py  the id of a call to a resource that FAPI clients give
leaving.py      /logout and its pages
routes.py       which view stands at which address
"""
