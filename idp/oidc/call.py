"""What a relying party's server sends to an endpoint of ours, as far as every such endpoint looks at it."""

from dataclasses import dataclass

from idp.parameters import Parameters, parse


@dataclass(frozen=True, slots=True)
class Call:
    """`form` is the raw form, `authorization` the header of that name, `source` the address it came from."""

    form: str
    authorization: str | None
    source: str

    def parameters(self) -> Parameters:
        """The form, in which nothing stands twice. Raises `InvalidRequest`."""
        parameters = parse(self.form)
        parameters.refuse_repeated()
        return parameters
