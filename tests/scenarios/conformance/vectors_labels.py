"""Vectors about the label: what is said, by whom, where it stands, and what tags beside it tell."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from project import MEDIA
from provlabel import Label
from provlabel.label.vocabularies import IPTC, KINDS
from provlabel.media.containers import stores_of
from sample_files import known, stripped
from stores import Box, Store, chunk, superbox
from vectors import STILL, Bench, Expected, Vector, Wanted, fails, passes, unsigned

LABEL, ACTIONS, PERSONAL = "org.provlabel.label", "c2pa.actions.v2", "org.provlabel.personal"
DISCLOSURE = "c2pa.ai-disclosure"
AI = IPTC + "trainedAlgorithmicMedia"
CAMERA = IPTC + "digitalCapture"
C2PA_TYPES = "http://c2pa.org/digitalsourcetype/"


def label_fails(label: Wanted, *must: str, **axes: Wanted) -> Expected:
    """The signature holds, and the label does not do: the state stays, the file does not pass."""
    return fails("trusted", *must, label=label, **axes)


def kinds(bench: Bench) -> Iterator[Vector]:
    """A genuine label of every kind that there is."""
    for kind in KINDS:
        human = kind == "human_made"
        label = replace(bench.label, kind=kind, systems=() if human else bench.label.systems)
        yield Vector(
            f"labels/kind-{kind}",
            f"a genuine label: {kind}",
            "design: label",
            "label",
            {STILL: bench.sign(bench.png, label)},
            passes(history="clean" if kind in _OF_PARENTS else "none"),
        )


#: Kinds that begin with what was opened, which came without a manifest.
_OF_PARENTS = ("ai_modified", "ai_assisted_technical")
Change = Callable[[Store], Any]


def statements(bench: Bench) -> Iterator[Vector]:
    """Source types, actions and the label against each other (abuse 12), all signed by the good signer."""

    def vector(case: str, title: str, change: Change, expected: Expected, source: str = "abuse 12") -> Vector:
        made = bench.store()
        change(made)
        return Vector(f"labels/{case}", title, source, "label", bench.detached(made.signed(bench.hand)), expected)

    def typed(value: Any) -> Change:
        return lambda made: made.change(ACTIONS, lambda data: data["actions"][0].update(digitalSourceType=value))

    def kind(value: Any) -> Change:
        return lambda made: made.change(LABEL, lambda data: data.update(kind=value))

    def alone(change: Change) -> Change:
        """The same in a file of others, that has no label of ours."""
        return lambda made: (made.drop(LABEL).drop(DISCLOSURE), change(made))

    for case, value in {
        "https": AI.replace("http:", "https:"),
        "cased": AI.replace("trained", "Trained"),
        "upper": AI.upper(),
        "slash": AI + "/",
        "space": AI + " ",
        "short": "trainedAlgorithmicMedia",
        "qcode": "digsrctype:trainedAlgorithmicMedia",
        "all-of-it": f"\t{AI.upper().replace('HTTP:', 'https:')}/ ",
    }.items():
        understood = passes("label.spelling")
        yield vector(f"type-{case}", f"a source type in another spelling: {value!r}", typed(value), understood)
        yield vector(f"alone-type-{case}", "the same in a file with actions alone", alone(typed(value)), understood)
    camera = alone(typed(CAMERA.replace("http:", "https:") + "/"))
    yield vector("alone-type-camera", "a camera, in another spelling", camera, label_fails("none", "label.spelling"))
    unknown = "present unknown-value"
    for case, value in {
        "other-host": AI.replace("cv.iptc.org", "cv.iptc.org.evil.example"),
        "invented": IPTC + "dreamtByAMachine",
        "invented-c2pa": C2PA_TYPES + "dreamt",
        "evil": "https://evil.example/x",
        "homoglyph": AI.replace("Media", "Med\u0456a"),
    }.items():
        yield vector(
            f"type-{case}",
            f"a source type that no vocabulary has: {value}",
            typed(value),
            label_fails((unknown, "present unknown-value contradictory"), "label.unknown-value"),
        )
        yield vector(
            f"alone-type-{case}",
            "the same in a file with actions alone",
            alone(typed(value)),
            label_fails("unknown-value", "label.unknown-value"),
        )
    yield vector("alone-ai", "actions alone say that AI made it", alone(lambda made: made), passes(), "C2PA 2.4 §18.15")
    composite = alone(typed(IPTC + "compositeWithTrainedAlgorithmicMedia"))
    yield vector("alone-composite", "actions alone say that AI made a part", composite, passes(), "IPTC")
    yield vector(
        "alone-camera",
        "a camera's picture, and no word of AI",
        alone(typed(CAMERA)),
        label_fails("none", "policy.label"),
        "R5",
    )
    contradictory = label_fails("present contradictory", "label.contradictory")
    yield vector(
        "human-by-ai", "the label says that people made it, the action that AI did", kind("human_made"), contradictory
    )
    yield vector("ai-by-camera", "the label says AI, the action says a camera", typed(CAMERA), contradictory)

    def second(action: dict[str, Any]) -> Change:
        return lambda made: made.change(ACTIONS, lambda data: data["actions"].append(action))

    for case, action in {
        "two-created": {"action": "c2pa.created", "digitalSourceType": CAMERA},
        "two-created-alike": {"action": "c2pa.created", "digitalSourceType": AI},
    }.items():
        yield vector(
            case,
            "two actions begin the same work",
            second(action),
            fails(("trusted", "invalid"), label="present contradictory", content=("intact", "not-fully-bound")),
        )
    yield vector(
        "edited", "created by AI, then cropped", second({"action": "c2pa.cropped"}), passes(), "C2PA 2.4 §18.15"
    )
    yield from _gathered(vector, typed, alone)
    yield from _shapes(bench, vector, kind)
    yield from _borrowed(bench)


def _gathered(
    vector: Callable[..., Vector], typed: Callable[[Any], Change], alone: Callable[[Change], Change]
) -> Iterator[Vector]:
    """What the signer only passes on: AI counts as told, and a label or the work of people as nothing (§10.3.2.1.1)."""
    told = passes("label.gathered", label="present unvouched", never=("label.unvouched",))
    unvouched = label_fails("present unvouched", "label.unvouched")
    silent = label_fails("unvouched", "label.unvouched", "policy.label")
    actions, label = (lambda made: made.gather(ACTIONS)), (lambda made: made.gather(LABEL))
    yield vector("gathered-label", "the label is only gathered", label, unvouched)
    yield vector("gathered-actions", "the actions are only gathered", actions, told)
    yield vector("alone-gathered", "actions alone, and only gathered", alone(actions), told, "C2PA 2.2 §18.14")

    def people(made: Store) -> None:
        typed(CAMERA)(made)
        made.gather(ACTIONS)

    def label_of_people(made: Store) -> None:
        made.change(LABEL, lambda data: data.pop("systems", None) and None)
        made.change(LABEL, lambda data: data.update(kind="human_made"))
        made.drop(DISCLOSURE)
        typed(IPTC + "digitalCreation")(made)
        made.gather(LABEL)

    yield vector(
        "alone-gathered-people",
        "actions of people alone, only gathered",
        alone(people),
        label_fails("unvouched", "label.gathered", "policy.label"),
    )
    yield vector("gathered-people", "a label of people, only gathered", label_of_people, silent)
    yield vector(
        "gathered-all-people",
        "the same, with its actions gathered",
        lambda made: (label_of_people(made), actions(made)),
        silent,
    )
    yield vector(
        "alone-disclosure",
        "a model is named, and no action says AI",
        lambda made: (made.drop(LABEL), typed(CAMERA)(made)),
        passes(),
    )
    yield vector(
        "alone-gathered-disclosure",
        "the same, only passed on",
        lambda made: (made.drop(LABEL), typed(CAMERA)(made), made.gather(DISCLOSURE)),
        told,
    )


def _shapes(bench: Bench, vector: Callable[..., Vector], kind: Callable[[Any], Change]) -> Iterator[Vector]:
    """Values that are missing, invented, or of another shape."""
    unknown = label_fails(("present unknown-value", "present unknown-value contradictory"), "label.unknown-value")
    for case, value in {
        "invented": "ai_dreamt",
        "cased": "AI_generated",
        "empty": "",
        "number": 1,
        "null": None,
        "list": ["ai_generated"],
        "space": "ai_generated ",
    }.items():
        yield vector(f"kind-{case}", f"a kind that no vocabulary has: {value!r}", kind(value), unknown)

    def dropped(made: Store) -> None:
        made.change(LABEL, lambda data: data.pop("kind") and None)

    yield vector("kind-missing", "a label that does not say what kind", dropped, unknown)
    for case, data in {
        "list": ["ai_generated"],
        "text": "ai_generated",
        "number": 1,
        "null": None,
        "empty": {},
    }.items():
        yield vector(
            f"label-{case}",
            f"the label is {case}",
            _label(data),
            label_fails(("present unknown-value", "present unknown-value contradictory", "unknown-value")),
        )
    malformed = label_fails("present", "label.malformed")
    for case, (field, value) in {
        "systems": ("systems", "AcmeSynth"),
        "time": ("event_time", 20261122),
        "people": ("people", [{"name": 5}]),
    }.items():
        change = _with(field, value)
        yield vector(
            f"malformed-{case}",
            f"a field of the label has another shape: {field}",
            change,
            malformed._replace(axes={**malformed.axes, "time": ("claimed", "none")}),
            "schema label-v1",
        )
    yield vector(
        "newer-schema",
        "a label of a schema to come",
        _with("schema", "label-v9"),
        passes("label.newer-schema"),
        "design 13",
    )
    yield vector(
        "more-fields", "a label with fields that nobody knows yet", _with("mood", "blue"), passes(), "design 13"
    )


def _label(data: Any) -> Change:
    return lambda made: made.put(LABEL, data)


def _with(field: str, value: Any) -> Change:
    return lambda made: made.change(LABEL, lambda data: data.update({field: value}))


def _borrowed(bench: Bench) -> Iterator[Vector]:
    """Labels of others shown as one's own."""
    parent = bench.sign(bench.png)
    made = bench.definition(has_parent=True)
    made["assertions"] = [
        {
            "label": ACTIONS,
            "data": {"actions": [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}]},
            "created": True,
        },
    ]
    content = bench.by_engine(parent, made, parts={"parent": parent})
    yield Vector(
        "labels/of-the-parent",
        "the parent has a label, the file itself has none",
        "design: whose label",
        "label",
        {STILL: content},
        passes("label.inherited", label="inherited", history="clean", time=("none", "claimed")),
    )
    store = bench.store().rehash().sign(bench.hand)
    other = bench.store().change(LABEL, lambda data: data.update(kind="human_made")).rehash().sign(bench.hand)
    inside = store.assertions.inside
    inside[inside.index(store.assertions.child(LABEL))] = other.assertions.child(LABEL)
    yield Vector(
        "labels/of-another-file",
        "the label assertion of another file by the same signer",
        "abuse 4",
        "label",
        bench.detached(store.dump()),
        fails("invalid", "content.altered", content="altered", label=("present", "present contradictory")),
    )
    people = bench.store().put(PERSONAL, {"people": [{"id": "a", "name": "Ada"}]}).rehash().sign(bench.hand)
    others = bench.store().put(PERSONAL, {"people": [{"id": "b", "name": "Bob"}]}).rehash().sign(bench.hand)
    inside = people.assertions.inside
    inside[inside.index(people.assertions.child(PERSONAL))] = others.assertions.child(PERSONAL)
    yield Vector(
        "labels/personal-swapped",
        "the personal fields of another file",
        "abuse 4",
        "label",
        bench.detached(people.dump()),
        fails("invalid", "content.altered", content="altered"),
    )
    slipped = bench.store().drop(LABEL).rehash().sign(bench.hand)
    slipped.assertions.inside.append(
        superbox(b"cbor", LABEL, Box(b"cbor", bench.store().assertions.child(LABEL).content.body))
    )
    yield Vector(
        "labels/slipped-in",
        "a label that the claim does not list",
        "C2PA 2.4 §15.10: assertion.undeclared",
        "label",
        bench.detached(slipped.dump()),
        Expected(
            1,
            ("invalid", "unreadable", "trusted"),
            {
                **fails("invalid").axes,
                "content": ("altered", "unreadable", "intact"),
                "label": ("present", "present unvouched", "none"),
                "signer": ("trusted", "not-applicable"),
                "time": ("claimed", "none"),
            },
        ),
    )


# --- carriers --------------------------------------------------------------------------------------


def xmp(source_type: str) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'Iptc4xmpExt:DigitalSourceType="{source_type}"/></rdf:RDF></x:xmpmeta>'
    ).encode()


def png_with_xmp(png: bytes, *packets: bytes) -> bytes:
    more = b"".join(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet) for packet in packets)
    return png[:33] + more + png[33:]


def _jpeg_with_xmp(jpeg: bytes, packet: bytes) -> bytes:
    body = b"http://ns.adobe.com/xap/1.0/\x00" + packet
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


def carriers(bench: Bench) -> Iterator[Vector]:
    """Tags that tell another story than what is signed (abuse 13), though all of it is bound."""

    def vector(case: str, title: str, files: dict[str, bytes], expected: Expected) -> Vector:
        return Vector(f"carriers/{case}", title, "abuse 13", "label", files, expected)

    def beside(
        case: str,
        title: str,
        name: str,
        content: bytes,
        expected: Expected,
        change: Change = lambda made: None,
    ) -> Vector:
        """Bind a store by hand to media with tags of its own."""
        made = bench.store()
        made.change("c2pa.hash.data", lambda data: data.update(hash=hashlib.sha256(content).digest()))
        change(made)
        return vector(case, title, {name: content, f"{name}.c2pa": made.signed(bench.hand)}, expected)

    contradicts = fails("trusted", "carrier.contradicts")
    yield beside("xmp-camera", "XMP says a camera took it", STILL, png_with_xmp(bench.png, xmp(CAMERA)), contradicts)
    yield beside(
        "xmp-camera-jpeg",
        "XMP of a JPEG says a camera took it",
        "cover.jpg",
        _jpeg_with_xmp(bench.jpeg, xmp(CAMERA)),
        contradicts,
    )
    yield beside(
        "xmp-agrees",
        "XMP of others says what the label says",
        STILL,
        png_with_xmp(bench.png, xmp(AI)),
        passes(never=("carrier.contradicts",)),
    )
    yield beside(
        "xmp-other-ai",
        "XMP says that AI edited it, the label that AI made it",
        STILL,
        png_with_xmp(bench.png, xmp(IPTC + "compositeWithTrainedAlgorithmicMedia")),
        contradicts,
    )
    yield beside(
        "xmp-broken",
        "XMP that cannot be read",
        STILL,
        png_with_xmp(bench.png, b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><a"),
        passes("carrier.unreadable"),
    )
    entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + xmp(AI).replace(AI.encode(), b"&e;")
    yield beside(
        "xmp-entity",
        "XMP with an entity that names a file",
        STILL,
        png_with_xmp(bench.png, entity),
        passes("carrier.unreadable"),
    )
    yield vector(
        "unsigned-ai",
        "XMP says AI, and nothing is signed",
        {STILL: png_with_xmp(bench.png, xmp(AI))},
        unsigned("carrier.unsigned"),
    )
    yield vector("bare", "no manifest, and no word of AI", {STILL: bench.png}, unsigned())
    human = {"systems": (), "kind": "human_made"}
    other = bench.sign(bench.png, replace(bench.label, **human))
    yield vector("human-made", "people made it, and XMP says so too", {STILL: other}, passes())
    yield from _lying(bench, vector)
    yield from _sounds(bench, beside)


def _lying(bench: Bench, vector: Callable[..., Vector]) -> Iterator[Vector]:
    """The label lists tags with their digests; here the tags changed, or the list lies."""
    whole = bench.sign(bench.png)
    [raw] = stores_of("png", io.BytesIO(whole), len(whole))
    signed = Store(raw).get(LABEL)
    tagged = whole[:33] + whole[33 + 12 + len(raw) :]
    for case, title, content, change, expected in (
        ("list-true", "the label lists its tags as they are", tagged, lambda data: data, passes()),
        (
            "tag-changed",
            "a tag that the label lists was changed before somebody signed",
            tagged.replace(b"trainedAlgorithmicMedia", b"compositeCaptureMediaXX"),
            lambda data: data,
            fails("trusted"),
        ),
        (
            "tag-gone",
            "a tag that the label lists is not there",
            bench.png,
            lambda data: data,
            passes("carrier.missing"),
        ),
        ("list-lies", "the label lists digests of other values", tagged, _lie, fails("trusted", "carrier.changed")),
        (
            "list-of-nothing",
            "the label lists no tags, and they agree",
            tagged,
            lambda data: data.pop("carriers") and None,
            passes(),
        ),
    ):
        made = bench.store().put(LABEL, signed).change(LABEL, change)
        made.change("c2pa.hash.data", lambda data, content=content: data.update(hash=hashlib.sha256(content).digest()))
        yield vector(case, title, bench.detached(made.signed(bench.hand), content), expected)


def _lie(data: dict[str, Any]) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(item) for key, item in value.items()}
        if isinstance(value, list):
            return [turned(item) for item in value]
        digest = isinstance(value, str) and len(value) >= 32 and all(sign in "0123456789abcdef" for sign in value)
        return value[::-1] if digest else value

    data["carriers"] = turned(data["carriers"])


def _sounds(bench: Bench, beside: Callable[..., Vector]) -> Iterator[Vector]:
    """Tags of sounds: the kind in an ID3 frame, a Vorbis comment, a RIFF chunk."""
    for name in ("take.mp3", "take.flac", "take.wav"):
        source = (MEDIA / name).read_bytes()
        ai = bench.sign(source)
        human = bench.sign(source, Label(kind="human_made"))
        row = known(source)
        assert row is not None
        yield beside(
            f"{name}-human",
            "tags say that people made it, the label that AI did",
            name,
            stripped(row, human),
            fails("trusted", "carrier.contradicts"),
        )
        yield beside(
            f"{name}-ai",
            "tags say what the label says",
            name,
            stripped(row, ai),
            passes(never=("carrier.contradicts",)),
        )


GROUPS = (kinds, statements, carriers)
