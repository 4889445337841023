"""Harnesses of what reads manifests and what stands in them: CBOR, boxes, signatures, tags, evidence, answers."""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import random
import tempfile
from collections.abc import Iterator
from typing import Any

import msgspec

import seeds
from _harness import Harness
from issuers import Issuer
from mutating import ODD, changed_tree
from provlabel._support.processes import HELLO, Child
from provlabel._support.types import ready
from provlabel._support.xml import parse, to_bytes
from provlabel.carriers.tags import _base as tag_limits, exif, id3, vorbis, xmp
from provlabel.carriers.vocabularies import PROJECTIONS, aigc
from provlabel.errors import InputError, UnfitEngineError
from provlabel.evidence import Carrier, Evidence, manifests_from_crjson
from provlabel.label.lint import lint
from provlabel.labeling.draft import drafted
from provlabel.manifest import cbor, cose, jumbf, limits as prescan
from provlabel.manifest.codes import EFFECTS
from provlabel.manifest.compressed import unpacked
from provlabel.media.containers import ContainerError
from provlabel.media.previews import Preview
from provlabel.policy import Gate, Policy
from provlabel.report.facts import compare_facts, facts
from provlabel.report.renderers import RENDERERS, Extras
from provlabel.sandbox import Sandbox, worker as _worker
from provlabel.sandbox.protocol import Check
from provlabel.trust.chains.records import Credential, Examined
from provlabel.trust.issuers import Sealed, held_by, read_json
from provlabel.verifying.options import PathsOptions
from provlabel.verifying.tally import Tally, judges_of
from provlabel.verifying.verify import _with_tracked
from stores import Store, packed

AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.timezone.utc)
_GATE = _with_tracked(Gate.of(Policy()))
_LAWS = tuple(sorted(path.stem for path in (seeds.ROOT / "src/provlabel/law").glob("*.toml")))


def walked(data: bytes) -> None:
    """The walk takes no more steps than there are bytes."""
    heads = 0

    def take(_head: int) -> None:
        nonlocal heads
        heads += 1

    cbor.walk(memoryview(data), take)
    assert heads <= len(data)


def boxes(data: bytes) -> None:
    """Boxes stand one after another within what holds them."""
    view, end = memoryview(data), 0
    for box in jumbf.boxes(view):
        assert end <= box.start <= box.body <= box.end <= len(data)
        end = box.end
        if box.kind == jumbf.SUPERBOX:
            said, children = jumbf.described(view, box)
            assert box.body <= children <= box.end
            assert len(said.uuid) <= 16


def store(data: bytes) -> None:
    """A store is scanned or refused, is as good unpacked, and a signature found lies within it."""
    prescan.scan_store(data)
    plain = unpacked(data, prescan.MAX_STORE)
    if plain != data and len(plain) <= prescan.MAX_STORE:
        prescan.scan_store(plain)
    try:
        place = cose.place(data)
    except ContainerError:
        return
    assert data[place.offset : place.offset + place.length] == place.old
    assert place.put(data, place.old) == data


def signature(data: bytes) -> None:
    """What is read of a signature can be put together again, and is read as the same."""
    found = cose.parse(data)
    cose.algorithm(found)
    whole = cose.assemble(found, cose.least(found) + 100)
    again = cose.parse(whole)
    chain = [value == there for value, there in zip(found, again, strict=True)][:4]
    assert all(chain), "a signature was put together as another one"


def claims(data: bytes) -> None:
    """What an issuer signed about somebody is taken out of an assertion."""
    read_json(cose.enclosed(data).payload)


def document(data: bytes) -> None:
    """Any document of an issuer tells keys or none, and no key fits what nobody signed."""
    assert held_by(data, Sealed("did:web:issuer.example", b"unsigned", bytes(64))).state != "held"


def ecdsa(data: bytes) -> None:
    """A signature is of the one length, or refused."""
    assert len(cose.raw_ecdsa("es256", data)) == 64


# --- tags by themselves ----------------------------------------------------------------------------


def _bounded(fields: dict[str, tuple[str, ...]], faults: tuple[str, ...]) -> None:
    assert len(fields) <= tag_limits.MAX_FIELDS
    assert all(len(values) <= tag_limits.MAX_VALUES for values in fields.values())
    assert all(len(value) <= tag_limits.MAX_VALUE for values in fields.values() for value in values)
    assert all(isinstance(fault, str) for fault in faults)


_RIGHTS = {"dc:rights": ("© fuzz <&> ]]>",), "TC260:AIGC": ('{"Label":"1"}',)}


def packet(data: bytes) -> None:
    """What is written into a packet is read from it, and all else is read as before."""
    fields, faults = xmp.read_packet(data)
    _bounded(fields, faults)
    made = xmp.merged(data, _RIGHTS)
    after, more = xmp.read_packet(made)
    assert not more, "a packet that we wrote has faults"
    assert {name: after.get(name) for name in _RIGHTS} == _RIGHTS
    assert xmp.merged(made, _RIGHTS) == made
    kept = {name: values for name, values in fields.items() if name not in _RIGHTS}
    assert faults or {name: after.get(name) for name in kept} == kept, "another property changed"


_KIND = {"TXXX:PROVLABEL_KIND": ("ai_generated",), "TSRC": ("GBABC2600001",)}


def id3_tag(data: bytes) -> None:
    """What is written into a tag is read from it."""
    _bounded(*id3.read_tag(data))
    made = id3.merged_tag(data, _KIND)
    after, _ = id3.read_tag(made)
    assert {name: after.get(name) for name in _KIND} == _KIND


_COMMENT = {"PROVLABEL_KIND": ("ai_generated",), "ISRC": ("GBABC2600001",)}


def comments(data: bytes) -> None:
    """What is written into comments is read from them."""
    _bounded(*vorbis.read_comments(data))
    made = vorbis.merged_comments(data, _COMMENT)
    after, _ = vorbis.read_comments(made)
    assert {name: after.get(name) for name in _COMMENT} == _COMMENT


def exif_block(data: bytes) -> None:
    """EXIF never fails: what is wrong is a fault of its carrier."""
    item = exif.carrier("fuzz", data)
    _bounded(item.fields, item.faults)


def aigc_object(data: bytes) -> None:
    """An object that is read has the seven keys."""
    text = data.decode("utf-8", "replace")
    found = aigc.read(text)
    assert tuple(found.values) == aigc.KEYS
    assert all(isinstance(value, str) for value in found.values.values())


def xml(data: bytes) -> None:
    """XML that was read can be written, and is read as the same."""
    root = parse(data)
    again = parse(to_bytes(root))
    assert (again.name, again.namespace, len(again.children)) == (root.name, root.namespace, len(root.children))


def draft(data: bytes) -> None:
    """Whatever tags say, a draft can be written down, and lint tells what is wrong with it."""
    lines = data.decode("utf-8", "replace").split("\n")
    rows = [PROJECTIONS[index % len(PROJECTIONS)] for index in range(len(lines))]
    found = [
        Carrier(row.carrier, "fuzz", {name: (text, *text.split(";")) for name in row.fields})
        for row, text in zip(rows, lines, strict=True)
    ]
    written = drafted(Evidence(carriers=tuple(found[:8])))
    lint(written.label)
    msgspec.json.encode(written)


# --- evidence --------------------------------------------------------------------------------------


def _judged(evidence: Evidence, *, whole: bool) -> str:
    """Judge and render; return the state."""
    how = PathsOptions(trust=seeds.trust(), personal=whole, laws=_LAWS if whole else ())
    judges = judges_of(how, _GATE, AT)
    unknown = [
        code
        for manifest in evidence.manifests[:1]
        for code in manifest.codes
        if code.kind == "failure" and code.code not in EFFECTS
    ]
    tally = Tally(_GATE, judges, how, AT)
    tally.add("a.jpg", evidence)
    report = tally.report((), ())
    [file] = report.files
    if unknown and evidence.trouble is None:
        assert not file.passed, "an unknown failure passes"
    if evidence.trouble is not None or not evidence.manifests:
        assert file.state not in ("trusted", "valid")
    msgspec.json.encode(report)
    for name in RENDERERS if whole else ("text", "json"):
        RENDERERS[name].render(report, Extras())
    if whole:
        compare_facts(facts(file), facts(file))
    return file.state


def crjson(data: bytes) -> None:
    """A document of the engine's gives manifests that can be judged, or is refused."""
    document = msgspec.json.decode(data)
    manifests = manifests_from_crjson(document)
    _judged(Evidence(format="JPEG", source="embedded", manifests=manifests), whole=False)


def crjson_tree(data: bytes) -> None:
    """The same, with changes in the tree of the document and not in its bytes."""
    chance = random.Random(data)
    document = changed_tree(chance, msgspec.json.decode(seeds.crjson()), chance.randint(1, 6), _ODD)
    manifests = manifests_from_crjson(document)
    _judged(Evidence(format="JPEG", source="embedded", manifests=manifests), whole=chance.random() < 0.05)


_CODES = (*EFFECTS, "brand.new", "cawg.brand.new", "signingCredential.", "")
_ODD = (*ODD, lambda: "brand.new.code", lambda: "signingCredential.trusted", lambda: "claimSignature.validated")


def evidence_tree(data: bytes) -> None:
    """Any evidence is judged, with all codes there are and some that there are not."""
    chance = random.Random(data)
    tree = msgspec.json.decode(msgspec.json.encode(seeds.evidence()))
    codes = tree["manifests"][0]["codes"]
    for _ in range(chance.randint(0, 3)):
        kind = chance.choice(("success", "informational", "failure"))
        codes.insert(chance.randrange(len(codes) + 1), {"code": chance.choice(_CODES), "kind": kind})
    tree = changed_tree(chance, tree, chance.randint(0, 5), _ODD)
    evidence = msgspec.convert(tree, ready(Evidence))
    _judged(evidence, whole=chance.random() < 0.05)


# --- the protocol of workers -----------------------------------------------------------------------


def request(data: bytes) -> None:
    """A request is decoded or refused."""
    msgspec.json.Decoder(_worker.Request).decode(data)


def answer(data: bytes) -> None:
    """What a worker that was taken over answers is evidence, trouble, or an error of ours, and never harms us."""
    _prove_the_engine()
    with Sandbox(lambda: _lying(data)) as sandbox:
        try:
            evidence = sandbox.read_bytes(b"x", seeds.trust())
        except (InputError, UnfitEngineError):
            return
    _judged(evidence, whole=len(data) % 16 == 0)


@functools.cache
def _prove_the_engine() -> None:
    """Have an honest worker show it, once, so that a lying one is not asked."""
    with Sandbox() as sandbox:
        sandbox.prove()


_NOBODY = (1 << 22) + 1  # no process can have this number


def _lying(data: bytes) -> Child:
    """A worker that takes requests in and has answered already."""
    taken_in, requests = os.pipe()
    answers, theirs = os.pipe()
    os.write(theirs, HELLO + data[: 1 << 15])
    os.close(theirs)
    _readers.append(taken_in)
    while len(_readers) > 1:
        os.close(_readers.pop(0))
    return Child(_NOBODY, requests, answers, tempfile.TemporaryFile(dir=seeds.SHM))


def preview(data: bytes) -> None:
    """What a worker that was taken over has drawn is shown or not, and runs nothing."""
    with Sandbox(lambda: _lying(data)) as sandbox:
        drawn = sandbox.preview(seeds.folder() / "a.jpg", "")
    tally = Tally(_GATE, (), PathsOptions(trust=seeds.trust()), AT)
    tally.add("a.jpg", seeds.evidence())
    html = RENDERERS["html"].render(tally.report((), ()), Extras(previews={"a.jpg": drawn}))
    assert "<script" not in html
    assert "onerror" not in html.replace("&quot;", "") or "<img" not in drawn.why


def examined(data: bytes) -> None:
    """What it says of a credential is a judgement, or nothing."""
    leaf, middle, _ = seeds.chain()
    with Sandbox(lambda: _lying(data)) as sandbox:
        found = sandbox.examine(Credential((leaf, middle)), seeds.trust(), Check(at=AT))
    _judged(msgspec.structs.replace(seeds.evidence(), examined=found), whole=False)


#: Somebody has to read what is asked: a pipe to nobody would say that the worker died.
_readers: list[int] = []


# --- the table -------------------------------------------------------------------------------------


def _stores() -> Iterator[bytes]:
    yield seeds.store()
    yield packed(Store(seeds.store())).dump()


def _boxes() -> Iterator[bytes]:
    yield seeds.store()[:600]


def _cbor() -> Iterator[bytes]:
    yield cose.place(seeds.store()).claim
    yield bytes.fromhex("9f018202039f0405ffff")
    yield bytes.fromhex("bf6346756ef563416d7421ff")
    yield bytes.fromhex("d82018216161c11a514b67b0fb3ff199999999999a")


def _signatures() -> Iterator[bytes]:
    yield cose.place(seeds.store()).old


def _claims() -> Iterator[bytes]:
    yield Issuer("issuer.example").identify(Store(seeds.store())).assertions.child("cawg.identity").content.body


def _documents() -> Iterator[bytes]:
    yield Issuer("issuer.example").document()


def _crjson() -> Iterator[bytes]:
    yield seeds.crjson()


def _answers() -> Iterator[bytes]:
    yield _worker.frame(msgspec.json.encode(_worker.Answer(evidence=seeds.evidence())))
    yield _worker.frame(msgspec.json.encode(_worker.Answer(refused="no")))
    yield _worker.frame(b'{"evidence":{"manifests":[{"urn":"urn:x","label":' + b"[" * 900 + b"]" * 900 + b"}]}}")
    yield _worker.frame(
        b'{"evidence":{"manifests":[{"urn":"urn:x","label":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}]}}"
    )


def _previews() -> Iterator[bytes]:
    for drawn in (
        Preview(kind="picture", jpeg=b"\xff\xd8\xff", width=9, height=9),
        Preview(kind="waveform", peaks=(0, 255, 7), seconds=1.5),
        Preview(kind="none", why="<script>alert(1)</script>"),
    ):
        yield _worker.frame(msgspec.json.encode(_worker.Answer(preview=drawn)))


def _judgements() -> Iterator[bytes]:
    said = Examined("trusted", "why", "good", "x", "online", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z", "x")
    yield _worker.frame(msgspec.json.encode(_worker.Answer(examined=said)))


def _requests() -> Iterator[bytes]:
    yield msgspec.json.encode(_worker.Request(path=b"/a", trust=seeds.trust(), check=Check(at=AT)))


def _xmp() -> Iterator[bytes]:
    yield from seeds.carriers()
    yield xmp.merged(None, _RIGHTS)


def _id3() -> Iterator[bytes]:
    yield id3.merged_tag(None, {**_KIND, "TCOM": ("Zoë", "日本"), "TIPL": ("producer", "X")})


def _vorbis() -> Iterator[bytes]:
    yield vorbis.merged_comments(None, {**_COMMENT, "TITLE": ("Dawn",)})


def _exif() -> Iterator[bytes]:
    yield seeds.media("a.tif")


_AIGC = json.dumps(dict.fromkeys(aigc.KEYS, "1"))


def _text(*texts: str | bytes) -> Any:
    return lambda: (text if isinstance(text, bytes) else text.encode() for text in texts)


def _random() -> Iterator[bytes]:
    yield from (bytes([index]) for index in range(8))


_XML = b'<?xml version="1.0"?><a xmlns="urn:a" b="c"><d>e &amp; f</d><d xml:lang="en"/></a>'
_JSON = (b'{"', b'":', b"null", b"[[", b"1e999", b"\\ud800", b"\\u0000", b'"failure"', b'"manifests"')
_CODE = (ValueError, InputError)


def harnesses() -> dict[str, Harness]:
    """Return them by name."""
    decoding = (msgspec.DecodeError, ValueError)
    return {
        "cbor": Harness(walked, _cbor, (b"\x5b\xff\xff\xff\xff", b"\x9f", b"\xff"), _CODE, max_len=1_024, cost=1),
        "jumbf": Harness(boxes, _boxes, (b"jumb", b"jumd", b"cbor"), _CODE, max_len=1_024, cost=1),
        "store": Harness(store, _stores, (b"jumb", b"jumd", b"cbor", b"c2as", b"c2ma", b"c2cm", b"brob"), _CODE),
        "cose": Harness(signature, _signatures, (b"\xd2\x84", b"x5chain", b"sigTst2", b"rVals"), _CODE),
        "claims": Harness(claims, _claims, (b"signature", *_JSON), _CODE),
        "did-document": Harness(document, _documents, (b'"assertionMethod"', b'"#key-0"', *_JSON), ()),
        "ecdsa": Harness(ecdsa, _text(bytes.fromhex("3006020101020102"), bytes(64)), (), _CODE, max_len=160, cost=1),
        "xmp": Harness(packet, _xmp, (b"<rdf:li>", b"<?xpacket", b"xmlns:", b"<!DOCTYPE"), _CODE),
        "id3": Harness(id3_tag, _id3, (b"TXXX", b"TIPL", b"GEOB", b"\xff\xfe", b"ID3\x03"), _CODE),
        "vorbis": Harness(comments, _vorbis, (b"=",), _CODE, max_len=1_024),
        "exif": Harness(exif_block, _exif, (b"II*\0", b"UNICODE\0"), ()),
        "aigc": Harness(
            aigc_object, _text(_AIGC, f'{{"AIGC":{_AIGC}}}'), (*_JSON, b'"Label"'), _CODE, max_len=1_024, cost=1
        ),
        "xml": Harness(xml, _text(_XML), (b"<!DOCTYPE", b"&#x0;", b"<![CDATA["), _CODE, max_len=1_024, cost=1),
        "draft": Harness(draft, _text(_AIGC, "http://x", "a;b\n\0", "2026-11-22T10:00:00Z"), (), (), 512),
        "crjson": Harness(crjson, _crjson, _JSON, decoding, 8_192),
        "crjson-tree": Harness(crjson_tree, _random, (), decoding, 16, cost=8),
        "evidence-tree": Harness(evidence_tree, _random, (), decoding, 16, cost=8),
        "request": Harness(request, _requests, _JSON, decoding, cost=1),
        "answer": Harness(answer, _answers, _JSON, (), 16_384),
        "preview": Harness(preview, _previews, _JSON, (), 1_024, cost=8),
        "examined": Harness(examined, _judgements, _JSON, (), 1_024),
    }
