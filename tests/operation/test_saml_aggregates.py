"""What an aggregate of a whole federation costs. In processor time, which is the same beside other tests."""

import time

import pytest

from federation.saml.metadata.document import proved
from federation.saml.metadata.entity import EntityKey
from federation.saml.verifying import keys_of
from idp.saml.directory import kept
from idp.saml.refreshing import split
from idp.saml.service_provider import party_id_of
from tests.support.provider import Provider
from tests.support.saml_messages import rsa_peer
from tests.support.sp_metadata import at, entities, entity, signed

COUNT = 1_850
MEGABYTES = 10
BINDINGS = ("SOAP", "HTTP-Redirect", "HTTP-POST")
LOGOUT = "".join(
    f'<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{each}" Location="https://sp.example/{each}"/>'
    for each in BINDINGS
)
REQUESTED = "".join(
    f'<md:RequestedAttribute Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.{number}" FriendlyName="x" isRequired="true"/>'
    for number in range(8)
)
SERVICE = (
    '<md:AttributeConsumingService index="1"><md:ServiceName xml:lang="zh-CN">养老金查询服务</md:ServiceName>'
    f"{REQUESTED}</md:AttributeConsumingService>"
)


def named(number: int) -> str:
    return f"https://sp{number}.example/saml"


@pytest.fixture(scope="module")
def aggregate() -> bytes:
    """As federations publish them: two keys, logout, eight attributes and a long description each."""
    federation = rsa_peer()
    keys = [federation.certificate] * 2
    those = [entity(named(number), keys=keys, within=LOGOUT, after=SERVICE) for number in range(COUNT)]
    missing = MEGABYTES * 1_000_000 // COUNT - len(those[0].encode())
    text = f'<mdui:Description xml:lang="en">{"x" * missing}</mdui:Description></mdui:UIInfo>'
    inner = "".join(each.replace("</mdui:UIInfo>", text) for each in those)
    return signed(entities(inner, f'validUntil="{at(time.time() + 86_400)}"'), federation)


def test_ten_megabytes_are_verified_split_and_stored_in_less_than_two_seconds(
    aggregate: bytes, provider: Provider
) -> None:
    assert len(aggregate) > (MEGABYTES - 0.5) * 1_000_000
    records, keys = provider.services.records, keys_of([EntityKey(rsa_peer().certificate)], "signing")
    records.metadata_sources.save("province", b"{}", b"{}")
    spent = []
    for _ in range(2):
        begun = time.process_time()
        trusted = proved(aggregate, keys, time.time())
        changed, there, skipped = split(trusted, records.service_providers.digests("province"), "province")
        records.metadata_sources.bring("province", changed, [], b"{}", trusted.valid_until)
        spent.append(time.process_time() - begun)
        assert (len(there), skipped) == (COUNT, 0)
    first, again = spent
    assert first < 2, spent
    assert again < first, "what did not change is not read again"
    assert changed == []
    begun = time.process_time()
    for number in range(200):
        stored = records.service_providers.find(party_id_of(named(number)))
        assert stored is not None
        assert kept(stored, time.time()).entity.entity_id == named(number)
    assert (time.process_time() - begun) / 200 < 0.001
