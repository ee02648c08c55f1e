"""What a relying party's server sends to an endpoint of ours, as far as every such endpoint looks at it."""

from dataclasses import dataclass

from idp.parameters import Parameters, parse


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """What a trusted proxy tells of the certificate that a client showed it; `verified`: and of its chain."""

    text: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Call:
    """`form` is the raw form, `authorization` and `dpop` the headers of those names, `source` the address it came from.
    Of a header that came twice the server makes one, with a comma between, which no proof has."""

    form: str
    authorization: str | None
    source: str
    dpop: str | None
    certificate: ShownCertificate | None

    def parameters(self) -> Parameters:
        """The form, in which nothing stands twice. Raises `InvalidRequest`."""
        parameters = parse(self.form)
        parameters.refuse_repeated()
        return parameters


@dataclass(frozen=True, slots=True)
class ResourceCall:
    """What whoever holds an access token sends to a resource of ours. `query` and `form` are raw; `form` is None where
    none came."""

    method: str
    query: str
    form: str | None
    authorization: str | None
    dpop: str | None
    certificate: ShownCertificate | None
