"""Our keys towards service providers, on their way from next through active to retired."""

import base64
import os
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from federation.saml.algorithms import GCM, NoCommonAlgorithm
from federation.saml.credentials import Signer
from federation.saml.metadata.entity import EntityKey
from federation.saml.names import ECDSA_SHA256, MGF1_SHA1, RSA_SHA256, RSA_SHA512, SHA1
from idp.saml.directory import ServiceProviders
from idp.saml.keys import KEEP_RETIRED_SECONDS, KINDS, OPENS, SIGNS_EC, SIGNS_RSA, SamlKeys
from idp.saml.registry import ServiceProviderRegistry
from idp.saml.service_provider import ServiceProvider, Terms
from tests.support.provider import ISSUER, Provider
from tests.support.sp_metadata import ENTITY_ID, entity


@pytest.fixture
def keys(provider: Provider) -> SamlKeys:
    return provider.services.saml_keys


@pytest.fixture
def portal(provider: Provider) -> ServiceProvider:
    services = provider.services
    ServiceProviderRegistry(services.records.service_providers, services.clock, services.versions).add(
        entity().encode(), Terms()
    )
    directory: ServiceProviders = services.service_providers
    found = directory.get(ENTITY_ID)
    assert found is not None
    return found


def certificate(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(text))


def verify(signer: Signer, data: bytes) -> None:
    """By the certificate that is published. Raises `InvalidSignature`."""
    public, signature = certificate(signer.certificate).public_key(), signer.sign(data)
    if isinstance(public, rsa.RSAPublicKey):
        algorithm = {RSA_SHA256: hashes.SHA256(), RSA_SHA512: hashes.SHA512()}[signer.algorithm]
        public.verify(signature, data, padding.PKCS1v15(), algorithm)
    else:
        assert isinstance(public, ec.EllipticCurvePublicKey)
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        public.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))


def uses(published: list[EntityKey]) -> list[tuple[str, type]]:
    kinds = {True: rsa.RSAPublicKey, False: ec.EllipticCurvePublicKey}
    return [
        (key.use, kinds[isinstance(certificate(key.certificate).public_key(), rsa.RSAPublicKey)]) for key in published
    ]


def test_what_signs_for_a_service_provider_is_what_its_metadata_lets_us_choose(
    keys: SamlKeys, portal: ServiceProvider
) -> None:
    silent = keys.signer_for(portal)
    assert silent.algorithm == RSA_SHA256
    modern = replace(portal, entity=replace(portal.entity, signing_methods=(RSA_SHA256, ECDSA_SHA256)))
    assert keys.signer_for(modern).algorithm == ECDSA_SHA256
    assert keys.signer_for(replace(modern, signature_algorithm=RSA_SHA512)).algorithm == RSA_SHA512
    for provider in (portal, modern, replace(modern, signature_algorithm=RSA_SHA512)):
        verify(keys.signer_for(provider), b"a message")
    assert keys.signer_for(portal) is silent
    strange = replace(portal, entity=replace(portal.entity, signing_methods=("urn:x",)))
    with pytest.raises(NoCommonAlgorithm):
        keys.signer_for(strange)


def test_saml2int_the_next_key_is_published_before_it_signs(keys: SamlKeys, portal: ServiceProvider) -> None:
    published = list(keys.published())
    assert uses(published) == [
        ("signing", rsa.RSAPublicKey),
        ("signing", rsa.RSAPublicKey),
        ("signing", ec.EllipticCurvePublicKey),
        ("signing", ec.EllipticCurvePublicKey),
        ("encryption", rsa.RSAPublicKey),
    ]
    assert set(GCM) <= published[-1].encryption_methods.keys()
    assert keys.signer_for(portal).certificate == published[0].certificate
    keys.rotate(SIGNS_RSA)
    assert keys.signer_for(portal).certificate == published[1].certificate
    assert keys.published()[0].certificate == published[1].certificate
    assert published[0].certificate not in [key.certificate for key in keys.published()]
    verify(keys.signer_for(portal), b"a message")


def test_a_certificate_names_us_and_lasts_ten_years(keys: SamlKeys, provider: Provider) -> None:
    for key in keys.published():
        shown = certificate(key.certificate)
        assert shown.subject.rfc4514_string() == f"CN={ISSUER.removeprefix('https://')}"
        assert shown.not_valid_after_utc.timestamp() - provider.clock.now() > 3649 * 86_400
    assert {each.expires_at for each in keys.list()} == {
        int(certificate(key.certificate).not_valid_after_utc.timestamp()) for key in keys.published()
    }


def test_what_was_encrypted_to_a_retired_key_is_opened_for_a_while(keys: SamlKeys, provider: Provider) -> None:
    secret = os.urandom(16)
    public = certificate(keys.published()[-1].certificate).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    mask = padding.MGF1(hashes.SHA1())
    wrapped = public.encrypt(secret, padding.OAEP(mask, hashes.SHA1(), None))
    assert keys.decrypters()[0].unwrap(wrapped, SHA1, MGF1_SHA1) == secret
    keys.rotate(OPENS)
    with pytest.raises(ValueError):  # noqa: PT011
        keys.decrypters()[0].unwrap(wrapped, SHA1, MGF1_SHA1)
    assert keys.decrypters()[-1].unwrap(wrapped, SHA1, MGF1_SHA1) == secret
    retired = [each for each in keys.list() if each.state == "retired"]
    provider.clock.advance(KEEP_RETIRED_SECONDS + 1)
    keys.rotate(SIGNS_EC)
    assert len(retired) == 1
    assert not {each.kid for each in retired} & {each.kid for each in keys.list()}


def test_the_keys_of_openid_connect_are_others(keys: SamlKeys, provider: Provider) -> None:
    oidc = provider.services.keys
    assert {each.alg for each in keys.list()} == set(KINDS)
    assert not {each.alg for each in oidc.list()} & set(KINDS)
    assert b"saml" not in oidc.jwks()
    for each in keys.list():
        assert each.kid.encode() not in oidc.jwks()
    oidc.rotate("RS256")
    keys.rotate(OPENS)
    provider.clock.advance(8 * 86_400)
    oidc.rotate("RS256")
    assert len([each for each in keys.list() if each.state == "retired"]) == 1
