"""D. Proofs of possession (RFC 9449 section 11): stolen tokens, replayed and forged proofs."""

import base64
import json
from collections.abc import Callable, Iterator

import pytest
from joserfc import jwk
from werkzeug.test import TestResponse

from idp.codec import encode
from idp.errors import TooManyRequests
from idp.oidc.call import Call
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.tokens.dpop import OF_STRANGERS, Nonces, Proofs
from idp.pace import BURST_SECONDS
from idp.secrets import urlsafe
from tests.support.answers import token_refused
from tests.support.assertions import STRANGERS
from tests.support.dpop import Holder, bound_tokens, holder
from tests.support.known import acquainted
from tests.support.parallel import together
from tests.support.provider import ISSUER, Provider, running_provider, settings_for


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holder]:
    with running_provider(settings_for(tmp_path_factory.mktemp("dpop"))) as provider:
        yield holder(acquainted(provider))


def now(mine: Holder) -> int:
    return int(mine.known.provider.clock.now())


def rewritten(proof: str, **header: object) -> str:
    """Another header on the same claims, with a signature that does not fit it."""
    head, claims, signature = proof.split(".")
    told = json.loads(base64.urlsafe_b64decode(head + "==")) | header
    return f"{urlsafe(encode(told))}.{claims}.{signature}"


_SYMMETRIC = jwk.OctKey.generate_key(256)
_STRANGER = STRANGERS["RS256"]
FORGED: dict[str, Callable[[Holder], str]] = {
    "htm-wrong": lambda mine: mine.proof(htm="GET"),
    "htm-case": lambda mine: mine.proof(htm="post"),
    "htm-missing": lambda mine: mine.proof(htm=None),
    "htu-other-endpoint": lambda mine: mine.proof("/userinfo"),
    "htu-other-host": lambda mine: mine.proof(htu="https://evil.example/token"),
    "htu-suffix": lambda mine: mine.proof(htu=f"{ISSUER}.evil.example/token"),
    "htu-userinfo": lambda mine: mine.proof(htu=f"https://x@{ISSUER.removeprefix('https://')}/token"),
    "htu-http": lambda mine: mine.proof(htu=f"http://{ISSUER.removeprefix('https://')}/token"),
    "htu-port": lambda mine: mine.proof(htu=f"{ISSUER}:444/token"),
    "htu-no-port": lambda mine: mine.proof(htu=f"{ISSUER}:x/token"),
    "htu-bracket": lambda mine: mine.proof(htu="https://[/token"),
    "htu-list": lambda mine: mine.proof(htu=[f"{ISSUER}/token"]),
    "htu-missing": lambda mine: mine.proof(htu=None),
    "iat-old": lambda mine: mine.proof(iat=now(mine) - 301),
    "iat-future": lambda mine: mine.proof(iat=now(mine) + 61),
    "iat-missing": lambda mine: mine.proof(iat=None),
    "iat-text": lambda mine: mine.proof(iat=str(now(mine))),
    "jti-missing": lambda mine: mine.proof(jti=None),
    "jti-empty": lambda mine: mine.proof(jti=""),
    "jti-number": lambda mine: mine.proof(jti=7),
    "jti-long": lambda mine: mine.proof(jti="j" * 257),
    "typ-jwt": lambda mine: mine.proof(header={"typ": "JWT"}),
    "typ-missing": lambda mine: mine.proof(header={"typ": None}),
    "crit": lambda mine: mine.proof(header={"kid": "x", "crit": ["kid"]}),
    "jwk-missing": lambda mine: mine.proof(header={"jwk": None}),
    "jwk-private": lambda mine: mine.proof(header={"jwk": mine.key.as_dict(private=True)}),
    "jwk-crt-members": lambda mine: mine.proof(header={"jwk": mine.key.as_dict(private=False) | {"dq": "AA"}}),
    "jwk-other": lambda mine: mine.proof(header={"jwk": holder(mine.known).key.as_dict(private=False)}),
    "jwk-text": lambda mine: rewritten(mine.proof(), jwk="x"),
    "jwk-point-not-on-curve": lambda mine: mine.proof(header={"jwk": mine.key.as_dict(private=False) | {"y": "AAAA"}}),
    "jwk-curve-unknown": lambda mine: rewritten(mine.proof(), jwk=mine.key.as_dict(private=False) | {"crv": "P-999"}),
    "jwk-symmetric": lambda mine: rewritten(mine.proof(), jwk=_SYMMETRIC.as_dict(private=True)),
    "kid-instead-of-jwk": lambda mine: mine.proof(header={"jwk": None, "kid": "rsa", "jku": "http://127.0.0.1:1/"}),
    "alg-none": lambda mine: rewritten(mine.proof(), alg="none"),
    "alg-none-empty": lambda mine: rewritten(mine.proof(), alg="none").rpartition(".")[0] + ".",
    "alg-hs256": lambda mine: Holder(mine.known, _SYMMETRIC, "HS256").proof(
        header={"jwk": mine.key.as_dict(private=False)}
    ),
    "alg-of-another-kind": lambda mine: Holder(mine.known, _STRANGER, "RS256").proof(
        header={"jwk": mine.key.as_dict(private=False)}
    ),
    "alg-es256k": lambda mine: rewritten(mine.proof(), alg="ES256K"),
    "signature-cut": lambda mine: mine.proof().rpartition(".")[0] + ".",
    "signature-changed": lambda mine: rewritten(mine.proof(), kid="x"),
    "jwk-for-encryption": lambda mine: mine.proof(header={"jwk": mine.key.as_dict(private=False) | {"use": "enc"}}),
    "weak-key": lambda mine: Holder(mine.known, jwk.RSAKey.generate_key(1024), "RS256").proof(),
    "two-proofs": lambda mine: f"{mine.proof()}, {mine.proof()}",
    "a-comma": lambda mine: f"{mine.proof()},",
    "a-space": lambda mine: f"{mine.proof()} x",
    "long": lambda mine: mine.proof(padding="p" * 9_000),
    "empty": lambda _: " ",
    "dots": lambda _: "." * 8_000,
    "no-jws": lambda _: "x",
    "header-list": lambda mine: urlsafe(b"[]") + mine.proof()[mine.proof().index(".") :],
    "header-deep": lambda _: f"{urlsafe(b'[' * 5_000)}.e30.AA",
    "claims-list": lambda mine: "{}.{}.{}".format(mine.proof().split(".")[0], urlsafe(b"[]"), "AA"),
}


@pytest.mark.parametrize("case", FORGED)
def test_d_dpop_a_proof_that_breaks_a_rule_is_refused(mine: Holder, case: str) -> None:
    answer = mine.token(mine.known.client, {"grant_type": "authorization_code", "code": "x"}, FORGED[case](mine))
    token_refused(answer, "invalid_dpop_proof")


def test_d_dpop_a_proof_is_good_once(mine: Holder) -> None:
    proof = mine.proof()
    bound_tokens(mine.redeem(proof=proof))
    token_refused(mine.redeem(proof=proof), "invalid_dpop_proof")
    mine.known.provider.clock.advance(100)  # the nonce is still taken
    token_refused(mine.redeem(proof=proof), "invalid_dpop_proof")


def test_d_dpop_of_parallel_uses_of_a_proof_one_wins(mine: Holder) -> None:
    proof, codes = mine.proof(), [mine.known.code() for _ in range(4)]
    outcomes = together([lambda code=code: mine.redeem(proof=proof, code=code) for code in codes])
    assert sorted(each.status_code for each in outcomes if isinstance(each, TestResponse)) == [200, 400, 400, 400]


def refused(response: TestResponse, error: str) -> None:
    assert (response.status_code, response.get_json()["error"]) == (401, error)


def test_d_dpop_a_bound_token_is_worth_nothing_without_its_key(mine: Holder) -> None:
    token, thief = bound_tokens(mine.redeem())["access_token"], holder(mine.known)
    refused(mine.userinfo(token, scheme="Bearer"), "invalid_token")  # even with a proof beside it
    refused(mine.known.provider.userinfo(token), "invalid_token")
    refused(thief.userinfo(token), "invalid_token")
    machine = mine.known.provider.machine()
    refused(machine.post("/userinfo", base_url=ISSUER, data={"access_token": token}), "invalid_token")
    refused(machine.get("/userinfo", base_url=ISSUER, headers={"Authorization": f"DPoP {token}"}), "invalid_dpop_proof")
    assert mine.userinfo(token).status_code == 200


def test_d_dpop_a_binding_can_be_neither_cut_off_nor_exchanged(mine: Holder) -> None:
    token, thief = bound_tokens(mine.redeem())["access_token"], holder(mine.known)
    handle = token.partition("~")[0]
    refused(mine.known.provider.userinfo(handle), "invalid_token")
    refused(thief.userinfo(f"{handle}~d{thief.jkt}"), "invalid_token")
    plain = mine.known.tokens()["access_token"]
    refused(thief.userinfo(f"{plain}~d{thief.jkt}"), "invalid_token")
    refused(thief.userinfo(plain), "invalid_token")  # a bearer token is no bound one
    code = mine.known.code(dpop_jkt=mine.jkt)
    token_refused(thief.redeem(code=code.rstrip("~")), "invalid_grant")


def test_d_dpop_ath_mismatch(mine: Holder) -> None:
    """A proof for one token cannot be sent with another of the same key."""
    one, other = (bound_tokens(mine.redeem())["access_token"] for _ in range(2))
    refused(mine.userinfo(one, mine.proof("/userinfo", "GET", other)), "invalid_dpop_proof")
    refused(mine.userinfo(one, mine.proof("/userinfo", "GET")), "invalid_dpop_proof")
    refused(mine.userinfo(one, mine.proof("/userinfo", "POST", one)), "invalid_dpop_proof")


def test_d_dpop_a_proof_at_a_resource_is_good_once(mine: Holder) -> None:
    token = bound_tokens(mine.redeem())["access_token"]
    proof = mine.proof("/userinfo", "GET", token)
    assert mine.userinfo(token, proof).status_code == 200
    refused(mine.userinfo(token, proof), "invalid_dpop_proof")


def test_d_dpop_whoever_has_no_live_token_leaves_nothing_behind(mine: Holder) -> None:
    """Or a stranger could fill the store with proofs for tokens that there are none of."""
    made_up = f"0{'A' * 43}~d{mine.jkt}"
    proof = mine.proof("/userinfo", "GET", made_up)
    refused(mine.userinfo(made_up, proof), "invalid_token")
    refused(mine.userinfo(made_up, proof), "invalid_token")


def test_d_dpop_a_stranger_cannot_fill_the_store_with_proofs(provider: Provider) -> None:
    """Each is remembered for minutes, and anybody can be a public client."""
    mine = holder(acquainted(provider, token_endpoint_auth_method="none"))
    public = AuthenticatedClient(mine.known.client.client)
    vetted = AuthenticatedClient(provider.client().client)
    nonces = Nonces(b"x" * 32, provider.clock)
    proofs = Proofs((ISSUER,), nonces, provider.services.state, provider.clock)

    def prove(client: AuthenticatedClient, source: str = "192.0.2.66") -> None:
        proof = mine.proof(nonce=nonces.newest())
        assert proofs.bound(client, Call("", None, source, proof, None), "/token").confirmation.jkt == mine.jkt

    for _ in range(OF_STRANGERS * BURST_SECONDS):
        prove(public)
    with pytest.raises(TooManyRequests):
        prove(public)
    prove(public, "192.0.2.67")
    prove(vetted)
    provider.clock.advance(1)
    prove(public)


def test_d_dpop_a_code_replayed_with_its_key_ends_what_it_gave(mine: Holder) -> None:
    code = mine.known.code()
    token = bound_tokens(mine.redeem(code=code))["access_token"]
    token_refused(mine.redeem(code=code), "invalid_grant")
    refused(mine.userinfo(token), "invalid_token")


def test_d_dpop_a_bound_token_ends_with_the_session(provider: Provider) -> None:
    mine = holder(acquainted(provider))
    token = bound_tokens(mine.redeem())["access_token"]
    provider.services.clients.set_enabled(mine.known.client.id, False)
    provider.clock.advance(2)
    refused(mine.userinfo(token), "invalid_token")


def test_d_dpop_the_answer_quotes_nothing_of_the_proof(mine: Holder) -> None:
    answer = mine.redeem(proof=mine.proof(htu="https://evil.example/<script>", jti="secret-jti"))
    assert "evil" not in answer.text + str(answer.headers)
    assert "secret-jti" not in answer.text
