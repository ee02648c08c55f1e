"""Tricks with bytes: what a parser might do, what a binding might carry, what might cost too much. Nothing of it is
read, and nothing of it ends in anything but `Unreadable`."""

import base64
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from federation.saml import arriving, authn_request, logout, verifying, xml
from federation.saml.arriving import MESSAGE_BYTES, QUERY_BYTES, RELAY_STATE_BYTES, Unreadable
from federation.saml.names import DS, PROTOCOL, SOAP_ENVELOPE, XENC
from federation.saml.verifying import BadSignature
from federation.saml.xml import ATTRIBUTES, DEPTH, NAMESPACES, BadXml
from tests.support.saml_messages import (
    AUTHN_REQUEST,
    ISSUER,
    LOGOUT_REQUEST,
    MESSAGES,
    SP,
    deflated,
    ec_peer,
    in_form,
    in_query,
    in_soap,
    rsa_peer,
    signed_by,
)

XSI = "http://www.w3.org/2001/XMLSchema-instance"


def post(document: str | bytes) -> arriving.Arrived:
    return arriving.from_form(in_form(document), None)


def refused(document: str | bytes) -> None:
    """By every binding."""
    raw = document.encode() if isinstance(document, str) else document
    for arrive in (
        lambda: post(raw),
        lambda: arriving.from_query(in_query(raw), "SAMLRequest"),
        lambda: arriving.from_soap(raw),
    ):
        with pytest.raises(Unreadable):
            arrive()


def within(document: str | bytes, inside: str) -> str:
    """A RequesterID is a place for text of the attacker's choice."""
    scoping = f"<samlp:Scoping><samlp:RequesterID>{inside}</samlp:RequesterID></samlp:Scoping>"
    return str(document).replace("</samlp:AuthnRequest>", f"{scoping}</samlp:AuthnRequest>")


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPES = {
    "empty": ("<!DOCTYPE x>", "x"),
    "external": ('<!DOCTYPE x SYSTEM "file:///etc/passwd">', "x"),
    "public": ('<!DOCTYPE x PUBLIC "-//x" "http://127.0.0.1:1/x.dtd">', "x"),
    "XXE": ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;"),
    "XXE by parameter": ('<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:1/"> %e;]>', "x"),
    "billion laughs": (f'<!DOCTYPE x [<!ENTITY e0 "lol">{BOMB}]>', "&e9;"),
    "quadratic": (f'<!DOCTYPE x [<!ENTITY e "{"a" * 20_000}">]>', "&e;" * 20_000),
    "default attribute": ('<!DOCTYPE x [<!ATTLIST samlp:AuthnRequest ForceAuthn CDATA "false">]>', "x"),
    "an ID of its own": ("<!DOCTYPE x [<!ATTLIST saml:Issuer Format ID #REQUIRED>]>", "x"),
}


@pytest.mark.parametrize("trick", DOCTYPES)
def test_k_a_document_type_is_refused(trick: str) -> None:
    doctype, inside = DOCTYPES[trick]
    began = time.process_time()
    refused(doctype + within(AUTHN_REQUEST, inside))
    assert time.process_time() - began < 0.5


def test_k_entities_without_a_document_type_are_refused() -> None:
    refused(within(AUTHN_REQUEST, "&e;"))
    refused(within(AUTHN_REQUEST, "&xxe"))


def test_k_no_file_is_opened_and_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """lxml CVE-2026-41066, and the schema's own way out: a schemaLocation."""
    (tmp_path / "secret").write_text("geheim", encoding="utf-8")
    located = f'xmlns:xsi="{XSI}" xsi:schemaLocation="{PROTOCOL} file://{tmp_path}/secret" ID='
    refused(AUTHN_REQUEST.replace("ID=", located, 1))
    refused(AUTHN_REQUEST.replace("ID=", located.replace("schemaLocation", "noNamespaceSchemaLocation"), 1))
    included = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{tmp_path}/secret" parse="text"/>'
    refused(within(AUTHN_REQUEST, included))


@pytest.mark.parametrize(
    "instruction", ["<?x y?>", "<?xml-stylesheet href='file:///x'?>", "<?xml version='1.0'?>", "<?php x ?>"]
)
def test_k_processing_instructions_are_refused(instruction: str) -> None:
    refused(within(AUTHN_REQUEST, f"urn:a{instruction}b"))
    refused(AUTHN_REQUEST + instruction)
    refused(f"\n{instruction}{AUTHN_REQUEST}")
    if not instruction.startswith("<?xml "):
        refused(instruction + AUTHN_REQUEST)


@pytest.mark.parametrize(
    "declaration",
    [
        '<?xml version="1.1"?>',
        '<?xml version="1.0" encoding="UTF-7"?>',
        '<?xml version="1.0" encoding="ISO-8859-1"?>',
        '<?xml version="1.0" encoding="GB18030"?>',
        '<?xml version="1.0" encoding="UTF-16"?>',
        '<?xml version="1.0" encoding="ebcdic-cp-us"?>',
        '<?xml version="1.0" standalone="no" encoding="UTF-8"?>',
        '<?xml version="1.0" encoding="UTF-8" x="y"?>',
        "<?xml?>",
    ],
)
def test_k_other_declarations_are_refused(declaration: str) -> None:
    refused(declaration + AUTHN_REQUEST)


@pytest.mark.parametrize(
    "declaration",
    [
        "",
        "\ufeff",
        '<?xml version="1.0"?>',
        "<?xml version='1.0' encoding='utf-8'?>\n",
        '\ufeff<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>',
    ],
)
def test_k_honest_beginnings_are_read(declaration: str) -> None:
    assert post(declaration + AUTHN_REQUEST).issuer == SP


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "cp037"])
def test_k_only_utf_8_is_read(encoding: str) -> None:
    text = "urn:x" if encoding == "cp037" else "张"
    refused(within(AUTHN_REQUEST, text).encode(encoding))
    refused(("<!DOCTYPE x>" + within(AUTHN_REQUEST, text)).encode(encoding))


@pytest.mark.parametrize(
    "octets",
    [
        b"\x00",
        b"\xc0\xbc",
        b"\xed\xa0\x80",
        b"\xff",
        b"\x0b",
        b"\xf8\x88\x80\x80\x80",
        b"&#0;",
        b"&#xD800;",
        b"&#xFFFF;",
    ],
)
def test_k_octets_that_are_no_characters_are_refused(octets: bytes) -> None:
    refused(AUTHN_REQUEST.encode().replace(b"sp.example/acs", b"sp.example/" + octets, 1))
    refused(within(AUTHN_REQUEST, "@").encode().replace(b"@", octets))
    refused(AUTHN_REQUEST.encode() + octets)


@pytest.mark.parametrize("junk", ["x", "<x/>", AUTHN_REQUEST, "<!-- --><x/>", "]]>"])
def test_k_nothing_follows_a_message(junk: str) -> None:
    refused(AUTHN_REQUEST + junk)
    refused(junk + AUTHN_REQUEST)


def test_k_comments_cut_no_value_short() -> None:
    """The flaw of many libraries in 2018: what stood before the comment was read alone."""
    for split in (
        "zhang<!-- -->.san",
        "<!-- x -->zhang.san",
        "zhang.san<!---->",
        "zhang<![CDATA[.]]>san",
        "zhang&#46;san",
    ):
        for document in (
            LOGOUT_REQUEST.replace("zhang.san", split),
            signed_by(rsa_peer(), LOGOUT_REQUEST).replace("zhang.san", split),
        ):
            arrived = post(document if "Signature" in document else signed_by(rsa_peer(), document))
            assert logout.read_request(arrived.proved([rsa_peer().public])).name_id.value == "zhang.san"
    evil = LOGOUT_REQUEST.replace("https://sp.example/metadata", "https://sp.example/metadata<!-- -->.evil.example")
    assert post(evil).issuer == f"{SP}.evil.example"


def test_k_elements_within_a_value_are_refused() -> None:
    refused(AUTHN_REQUEST.replace(SP, f"{SP}<x/>.evil.example"))
    refused(AUTHN_REQUEST.replace(SP, f"{SP}<saml:x/>"))
    refused(LOGOUT_REQUEST.replace("zhang.san", "zhang<saml:NameID>x</saml:NameID>.san"))


def test_k_what_is_deep_or_wide_is_refused() -> None:
    assert xml.parse(b"<a>" * DEPTH + b"</a>" * DEPTH, 10_000).tag == "a"
    wide = [
        " ".join(f'{name}{n}="urn:x"' for n in range(count))
        for name, count in (
            ("a", ATTRIBUTES),
            ("a", ATTRIBUTES + 1),
            ("xmlns:a", NAMESPACES),
            ("xmlns:a", NAMESPACES + 1),
        )
    ]
    xml.parse(f"<a><b {wide[0]}/></a>".encode(), 10_000)
    xml.parse(f"<a><b {wide[2]}/></a>".encode(), 10_000)
    for raw in (
        b"<a>" * (DEPTH + 1) + b"</a>" * (DEPTH + 1),
        b"<a>" * 50_000,
        b"<a>" * 9_000 + b"</a>" * 9_000,
        f"<a><b {wide[1]}/></a>".encode(),
        f"<a><b {wide[3]}/></a>".encode(),
    ):
        with pytest.raises(BadXml):
            xml.parse(raw, 1_000_000)
    with pytest.raises(BadXml):
        xml.parse(b"<a/>", 3)


def extended(inside: str) -> str:
    return AUTHN_REQUEST.replace(ISSUER, f"{ISSUER}<samlp:Extensions>{inside}</samlp:Extensions>")


COSTLY = {
    "elements in Extensions": extended(f"<a xmlns='urn:x'>{'<a/>' * 30_000}</a>"),
    "elements in Extensions, just enough": extended(f"<a xmlns='urn:x'>{'<a/> ' * 2_000}</a>"),
    "texts in Extensions": extended(f"<a xmlns='urn:x'>{'<a/>x' * 20_000}</a>"),
    "attributes in Extensions": extended("<a xmlns='urn:x' {}/>".format(" ".join(f"a{n}=''" for n in range(32))) * 900),
    "depth in Extensions": extended(("<a xmlns='urn:x'>" * 28 + "</a>" * 28) * 180),
    "namespaces": extended("".join(f"<a:a xmlns:a='urn:{n}' xmlns:b='urn:b{n}'/>" for n in range(1_900))),
    "every attribute": AUTHN_REQUEST.replace(
        "<samlp:AuthnRequest ",
        '<samlp:AuthnRequest Consent="urn:c" ProtocolBinding="urn:p" ForceAuthn="0" IsPassive="1" ProviderName="x" '
        'AssertionConsumerServiceIndex="1" AttributeConsumingServiceIndex="1" ',
    )
    .replace(
        "</samlp:AuthnRequest>", "<samlp:Scoping><samlp:IDPList>@</samlp:IDPList></samlp:Scoping></samlp:AuthnRequest>"
    )
    .replace("@", '<samlp:IDPEntry ProviderID="urn:1" Name="n" Loc="urn:l"/>' * 1_900),
    "sessions": LOGOUT_REQUEST.replace(
        "</samlp:Log", "<samlp:SessionIndex>x</samlp:SessionIndex>" * 1_999 + "</samlp:Log"
    ),
}


@pytest.mark.parametrize("what", COSTLY)
def test_k_no_message_costs_more_than_moments(what: str) -> None:
    """Each is as large as a message may be; the same with a signature, that a stranger could write."""
    documents = [COSTLY[what], signed_by(rsa_peer(7), COSTLY[what])]
    began = time.process_time()
    for document in documents:
        try:
            post(document).proved([rsa_peer().public])
        except (Unreadable, BadSignature):
            continue
    assert time.process_time() - began < 0.5


def test_k_keycloak_cve_2026_2575_a_deflated_bomb_stops_at_the_limit() -> None:
    """ruby-saml CVE-2025-25293 too. 20 MB in 20 kB, and one that inflates to just more than a message may have."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    whole = b"".join(stream.compress(b" " * 1_000_000) for _ in range(20)) + stream.flush()
    for bomb in (whole, base64.b64decode(deflated(" " * (MESSAGE_BYTES + 1 - len(AUTHN_REQUEST)) + AUTHN_REQUEST))):
        query = f"SAMLRequest={quote(base64.b64encode(bomb).decode(), safe='')}"
        tracemalloc.start()
        with pytest.raises(Unreadable):
            arriving.from_query(query, "SAMLRequest")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 5 * MESSAGE_BYTES, "no more was inflated than may be"
    just = " " * (MESSAGE_BYTES - len(AUTHN_REQUEST)) + AUTHN_REQUEST
    assert arriving.from_query(in_query(just), "SAMLRequest").issuer == SP


def test_k_what_is_cut_off_or_goes_on_is_not_inflated() -> None:
    whole = base64.b64decode(deflated(AUTHN_REQUEST))
    zlibbed, gzipped = zlib.compress(AUTHN_REQUEST.encode()), zlib.compress(AUTHN_REQUEST.encode(), wbits=31)
    for raw in (whole[:-1], whole + b"x", whole + whole, AUTHN_REQUEST.encode(), zlibbed, gzipped, b"", b"\x03"):
        with pytest.raises(Unreadable):
            arriving.from_query(f"SAMLRequest={quote(base64.b64encode(raw).decode(), safe='')}", "SAMLRequest")


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "!",
        "====",
        in_form(AUTHN_REQUEST)[:-1],
        in_form(AUTHN_REQUEST) + "!",
        f"data:text/xml;base64,{in_form(AUTHN_REQUEST)}",
        in_form(AUTHN_REQUEST) + in_form("x"),
        in_form(AUTHN_REQUEST).replace("P", "-", 1),
        "张",
        "\x00",
        in_form(AUTHN_REQUEST)[:10] + "\u2028" + in_form(AUTHN_REQUEST)[10:],
        deflated(AUTHN_REQUEST),
        AUTHN_REQUEST,
    ],
)
def test_k_what_is_no_base64_of_a_message_is_refused(encoded: str) -> None:
    with pytest.raises(Unreadable):
        arriving.from_form(encoded, None)


def test_k_blanks_in_base64_are_of_a_form_alone() -> None:
    lines = "\r\n".join(in_form(AUTHN_REQUEST)[n : n + 76] for n in range(0, len(in_form(AUTHN_REQUEST)), 76))
    assert arriving.from_form(f" {lines}\n", None).issuer == SP
    with pytest.raises(Unreadable):
        arriving.from_query(f"SAMLRequest={quote(chr(10).join(deflated(AUTHN_REQUEST)))}", "SAMLRequest")


def test_k_what_is_too_long_is_not_looked_at() -> None:
    for arrive in (
        lambda: arriving.from_form("A" * (MESSAGE_BYTES * 2), None),
        lambda: arriving.from_form(in_form(" " * MESSAGE_BYTES + AUTHN_REQUEST), None),
        lambda: arriving.from_query(in_query(AUTHN_REQUEST) + "&x=" + "y" * QUERY_BYTES, "SAMLRequest"),
        lambda: arriving.from_soap(in_soap(AUTHN_REQUEST) + b" " * MESSAGE_BYTES),
    ):
        with pytest.raises(Unreadable):
            arrive()


def test_k_a_relay_state_is_bounded_by_its_bytes() -> None:
    fits, over = "张" * (RELAY_STATE_BYTES // 3), "张" * (RELAY_STATE_BYTES // 3 + 1)
    assert arriving.from_form(in_form(AUTHN_REQUEST), fits).relay_state == fits
    assert arriving.from_query(in_query(AUTHN_REQUEST, fits), "SAMLRequest").relay_state == fits
    for arrive in (
        lambda: arriving.from_form(in_form(AUTHN_REQUEST), over),
        lambda: arriving.from_query(in_query(AUTHN_REQUEST, over), "SAMLRequest"),
    ):
        with pytest.raises(Unreadable):
            arrive()


HONEST = in_query(AUTHN_REQUEST, "state", rsa_peer())
EVIL = quote(deflated(AUTHN_REQUEST.replace("sp.example/acs", "evil.example/acs")), safe="")


def proved(query: str) -> arriving.Message:
    return arriving.from_query(query, "SAMLRequest").proved([rsa_peer().public, ec_peer().public])


@pytest.mark.parametrize(
    "query",
    [
        f"{HONEST}&SAMLRequest={EVIL}",
        f"SAMLRequest={EVIL}&{HONEST}",
        f"{HONEST}&SAMLResponse={EVIL}",
        f"{HONEST}&RelayState=other",
        f"RelayState=other&{HONEST}",
        f"{HONEST}&SigAlg=x",
        f"{HONEST}&Signature=x",
        f"{HONEST}&SAMLEncoding=urn:other",
        f"{HONEST}&SAMLEncoding=",
        HONEST.replace("SAMLRequest=", "samlrequest="),
        HONEST.replace("SAMLRequest=", "SAMLRequest[]="),
        HONEST.replace("SAMLRequest=", "SAML%52equest="),
        HONEST.replace("SAMLRequest=", "SAMLRequest"),
        HONEST.replace("&", ";"),
        HONEST.replace("&Signature=", "&signature="),
        HONEST.replace("&SigAlg=", "&sigalg="),
        HONEST.replace("SAMLRequest=", "SAMLRequest=%00"),
        HONEST + "\u00e9",
        HONEST.partition("&Signature")[0],
        "",
        "SAMLRequest",
        "&&&===",
    ],
)
def test_k_queries_that_read_in_two_ways_are_refused(query: str) -> None:
    with pytest.raises((Unreadable, BadSignature)):
        proved(query)


@pytest.mark.parametrize(
    "change",
    [
        lambda query: query.replace("RelayState=state", "RelayState=stat"),
        lambda query: query.replace("RelayState=state", "RelayState=%73tate"),
        lambda query: query.replace("RelayState=state&", ""),
        lambda query: query.replace("RelayState=state", "RelayState="),
        lambda query: query.replace("%2F", "%2f"),
        lambda query: query.replace("rsa-sha256", "rsa-sha512"),
        lambda query: query.replace("%3A", ":"),
        lambda query: query + "%20",
        lambda query: query.replace(query.partition("&")[0], f"SAMLRequest={EVIL}"),
    ],
)
def test_k_saml_bindings_3_4_4_1_the_signature_is_over_what_came(change: Callable[[str], str]) -> None:
    """To the letter: also over the way in which it was quoted."""
    assert proved(HONEST).relay_state == "state"
    assert change(HONEST) != HONEST
    with pytest.raises((Unreadable, BadSignature)):
        proved(change(HONEST))


def test_k_half_a_signature_is_not_none() -> None:
    """Or who takes unsigned requests would take one whose signature was cut off."""
    for part in ("Signature", "SigAlg"):
        cut = "&".join(field for field in HONEST.split("&") if not field.startswith(f"{part}="))
        with pytest.raises(Unreadable):
            arriving.from_query(cut, "SAMLRequest")
    empty = in_query(AUTHN_REQUEST) + "&SigAlg=&Signature="
    with pytest.raises(BadSignature):
        arriving.from_query(empty, "SAMLRequest").unproved()


def test_k_a_query_is_ascii() -> None:
    with pytest.raises(Unreadable):
        arriving.from_query(in_query(AUTHN_REQUEST) + "&x=\u00e9", "SAMLRequest")


def test_k_what_was_signed_has_the_issuer_whose_keys_were_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should `signed` ever give back another element than it was asked for."""
    other = xml.parse(LOGOUT_REQUEST.replace(SP, "https://other.example/").encode(), MESSAGE_BYTES)
    monkeypatch.setattr(verifying, "signed", lambda _element, _keys: other)
    with pytest.raises(BadSignature):
        post(signed_by(rsa_peer(), LOGOUT_REQUEST)).proved([rsa_peer().public])


def test_k_parameters_of_others_are_not_covered_and_not_read() -> None:
    assert authn_request.read(proved(f"a=b&{HONEST}&c=d&c=e&SAMLart=x")).acs_url == "https://sp.example/acs"


def test_k_the_order_of_the_query_does_not_matter() -> None:
    """The binding gives the order of what is signed, not of what comes."""
    assert proved("&".join(reversed(HONEST.split("&")))).signed


def test_k_another_way_to_quote_is_good_if_it_was_signed() -> None:
    message = f"SAMLRequest={quote_plus(deflated(AUTHN_REQUEST)).replace('%2B', '%2b')}&RelayState=a+b"
    query = f"{message}&SigAlg={quote(rsa_peer().algorithm)}"
    signature = quote_plus(base64.b64encode(rsa_peer().sign(query.encode())))
    assert proved(f"{query}&Signature={signature}").relay_state == "a b"


def test_k_an_ecdsa_signature_of_a_redirect_may_be_der() -> None:
    query = in_query(AUTHN_REQUEST, None, ec_peer()).partition("&Signature=")[0]
    key = ec_peer().key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = base64.b64encode(key.sign(query.encode(), ec.ECDSA(hashes.SHA256())))
    assert proved(f"{query}&Signature={quote(signature, safe='')}").signed
    with pytest.raises(BadSignature):
        proved(f"{query}&Signature={quote(base64.b64encode(bytes(64)), safe='')}")


def test_k_a_redirect_is_not_signed_inside() -> None:
    """Section 3.4.4.1: whoever reads the one would miss the other."""
    for query in (
        in_query(signed_by(rsa_peer(), AUTHN_REQUEST)),
        in_query(signed_by(rsa_peer(), AUTHN_REQUEST), None, rsa_peer()),
    ):
        with pytest.raises(Unreadable):
            arriving.from_query(query, "SAMLRequest")


def test_k_an_answer_is_no_question() -> None:
    with pytest.raises(Unreadable):
        arriving.from_query(in_query(MESSAGES["LogoutResponse"], name="SAMLResponse"), "SAMLRequest")


@pytest.mark.parametrize("kind", MESSAGES)
def test_k_no_message_without_what_all_have(kind: str) -> None:
    """Version, ID, instant and issuer; and none of them twice, or in words of another."""
    document = MESSAGES[kind]
    for was, put in (
        ('Version="2.0"', ""),
        ('Version="2.0"', 'Version="1.1"'),
        ('Version="2.0"', 'Version="2.0 "'),
        ('Version="2.0"', 'Version="3.0"'),
        ("2026-03-01T08:00:00Z", ""),
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00"),
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00+08:00"),
        ("2026-03-01T08:00:00Z", "2026-02-30T08:00:00Z"),
        ("2026-03-01T08:00:00Z", "-2026-03-01T08:00:00Z"),
        (ISSUER, ""),
        (ISSUER, ISSUER + ISSUER),
        (ISSUER, "<saml:Issuer/>"),
        (ISSUER, "<saml:Issuer></saml:Issuer>"),
        (ISSUER, ISSUER.replace(SP, "x" * 1_025)),
        (
            ISSUER,
            ISSUER.replace(
                "<saml:Issuer>", '<saml:Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">'
            ),
        ),
        (ISSUER, ISSUER.replace("<saml:Issuer>", f'<saml:Issuer xmlns:xsi="{XSI}" xsi:nil="true">')),
        (ISSUER, f'<saml:Issuer xmlns:xsi="{XSI}" xsi:type="saml:NameIDType">{SP}</saml:Issuer>'),
        ('ID="', 'ID="1'),
        ('ID="', 'ID="a:b'),
        ('ID="', f'ID="{"x" * 257}'),
    ):
        assert was in document
        refused(document.replace(was, put, 1))


@pytest.mark.parametrize(
    "root",
    [
        "<x/>",
        f"<AuthnRequest xmlns='{PROTOCOL}x'/>",
        AUTHN_REQUEST.replace(PROTOCOL, f"{PROTOCOL}/"),
        AUTHN_REQUEST.replace("samlp:AuthnRequest", "samlp:authnRequest"),
        AUTHN_REQUEST.replace("samlp:AuthnRequest", "samlp:AttributeQuery"),
        AUTHN_REQUEST.replace("samlp:AuthnRequest", "samlp:LogoutRequest"),
        f"<ds:Signature xmlns:ds='{DS}'/>",
        f"<x:EncryptedData xmlns:x='{XENC}'/>",
        "<saml:NameID xmlns:saml='urn:oasis:names:tc:SAML:2.0:assertion'>x</saml:NameID>",
    ],
)
def test_k_other_roots_are_no_messages(root: str) -> None:
    refused(root)


def test_k_a_24th_hour_and_other_instants_that_are_none() -> None:
    for instant in ("2026-03-01T24:00:00Z", "9999-12-31T23:59:59.999999999Z", "0001-01-01T00:00:00Z"):
        try:
            read = authn_request.read(post(AUTHN_REQUEST.replace("2026-03-01T08:00:00Z", instant)).unproved())
        except Unreadable:
            continue
        assert isinstance(read.issue_instant, int)


@pytest.mark.parametrize(
    "envelope",
    [
        AUTHN_REQUEST.encode(),
        in_soap(""),
        in_soap(AUTHN_REQUEST + AUTHN_REQUEST),
        in_soap(f"<x>{AUTHN_REQUEST}</x>"),
        in_soap(AUTHN_REQUEST).replace(SOAP_ENVELOPE.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
        in_soap(AUTHN_REQUEST).replace(b"S:Envelope", b"S:Letter"),
        in_soap(AUTHN_REQUEST).replace(b"</S:Envelope>", b"<S:Body/></S:Envelope>"),
        in_soap(AUTHN_REQUEST).replace(b"</S:Envelope>", b"<x/></S:Envelope>"),
        in_soap(AUTHN_REQUEST).replace(b"<S:Body>", b"<S:Header/><S:Header/><S:Body>"),
        in_soap(AUTHN_REQUEST, ['<x S:mustUnderstand="1"/>']),
        b"<!DOCTYPE x>" + in_soap(AUTHN_REQUEST),
        b"",
    ],
)
def test_k_envelopes_that_are_none(envelope: bytes) -> None:
    with pytest.raises(Unreadable):
        arriving.from_soap(envelope)


def test_k_soap_headers_that_need_not_be_understood_are_passed_by() -> None:
    assert arriving.from_soap(in_soap(AUTHN_REQUEST, ["<x/>", '<x xmlns="urn:y">z</x>'])).issuer == SP


def test_k_an_address_by_index_and_by_value_is_neither() -> None:
    """saml-core-2.0-os section 3.4.1: they exclude each other, and whoever takes one may be meant to take the other."""
    for more in ("", ' ProtocolBinding="urn:x"'):
        document = AUTHN_REQUEST.replace(" Destination", f' AssertionConsumerServiceIndex="0"{more} Destination')
        with pytest.raises(Unreadable):
            authn_request.read(post(document).unproved())


def test_k_errors_and_records_quote_nothing_that_came() -> None:
    secret = "geheim"
    arrived = arriving.from_form(in_form(AUTHN_REQUEST.replace("sp.example/acs", secret)), secret)
    assert secret not in repr(arrived)
    assert secret not in repr(arrived.unproved())
    for document in (
        AUTHN_REQUEST.replace("<samlp:N", f"<{secret}/><samlp:N"),
        within(AUTHN_REQUEST, f"&{secret};"),
        f"<{secret}",
    ):
        with pytest.raises(Unreadable) as caught:
            post(document)
        assert secret not in str(caught.value)
