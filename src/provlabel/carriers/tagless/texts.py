"""Which fields of tags are text that nothing acts on, and what of a tag counts beside them.

Each function takes the bytes of one tag and yields what counts of it, with a name.  A tag that cannot be read counts
whole: nothing hides in it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from provlabel._support.xml import Element, XmlError, parse
from provlabel.carriers.tags import TagError, vorbis
from provlabel.media.containers import ContainerError, id3
from provlabel.media.containers.boxes import boxes, content
from provlabel.media.containers.edits import Piece
from provlabel.media.formats import id3v2_size

#: Something that counts: a name, and its bytes or where they lie.
Counted = tuple[str, Piece]

#: How the name of what counts of a tag begins.
FIELD = "field "
#: Bytes of one tag that are looked into; a larger one counts whole.
MOST = 1 << 20


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- ID3v2.3 and v2.4 ------------------------------------------------------------------------------

#: Texts, and how often or how gladly somebody listened.  Not: TBPM, TCMP, TDLY, TKEY, TLEN, and all that is no text.
ID3_FRAMES = _words(
    """
    TALB TCOM TCON TCOP TDAT TDEN TDOR TDRC TDRL TDTG TENC TEXT TIME TIPL TIT1 TIT2 TIT3 TLAN TMCL TMED TMOO TOAL TOFN
    TOLY TOPE TORY TOWN TPE1 TPE2 TPE3 TPE4 TPOS TPRO TPUB TRCK TRDA TRSN TRSO TSOA TSOP TSOT TSRC TSSE TSST TYER
    USLT POPM PCNT
    """
)
#: Descriptions of comments; those of iTunes hold gain and where the sound begins.
_COMMENTS = frozenset({"", "COMMENT", "DESCRIPTION", "ID3V1 COMMENT"})
#: Names of fields with a free name (``TXXX``, ``----:com.apple.iTunes``), in upper case; and how further ones begin.
_FREE = frozenset({"AIGC", "BARCODE", "CATALOGNUMBER", "ISRC", "ISWC", "LABEL", "LYRICIST"})
_FREE_BEGIN = ("PROVLABEL_", "MUSICBRAINZ")
_FRAME_HEAD = 10
_CODECS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


def id3_tag(tag: bytes) -> Iterator[Counted]:
    """Yield what counts of a tag that stands by itself, as in a chunk of WAV."""
    end = id3v2_size(tag[:_FRAME_HEAD])
    if not 0 < end <= len(tag) or any(tag[end:]) or not is_plain(tag[:end]):
        yield f"{FIELD}id3", tag
        return
    for part in id3.walk(io.BytesIO(tag[:end]), end):
        if part.name != "padding" or any(tag[part.start : part.end]):
            yield from id3_frame(part.name, tag[part.start : part.end])


def is_plain(tag: bytes) -> bool:
    """Do all readers find the same frames in a tag?  Where there is none, they do."""
    if not tag:
        return True
    frames = id3.frames_of(tag, _FRAME_HEAD, tag[3], id3.MAX_FRAMES)
    return not (tag[5] or frames.broken or frames.plain)  # flags: its bytes are others, or something is in front


def id3_frame(kind: str, frame: bytes) -> Iterator[Counted]:
    """Yield a frame where it counts: without its head, which differs between versions, unless flags stand there."""
    body = frame[_FRAME_HEAD:]
    if kind == id3.OLD_FRAME or any(frame[_FRAME_HEAD - 1 : _FRAME_HEAD]) or kind == "padding":
        yield f"{FIELD}whole {kind}", frame
    elif kind not in ID3_FRAMES and not _is_known(kind, body):
        is_text = kind.startswith("T") or kind == "COMM"
        yield f"{FIELD}{kind}", body.rstrip(b"\0") if is_text else body  # some end a text with zeros


def _is_known(kind: str, body: bytes) -> bool:
    """Is it a field with a name of its own that is on the list?"""
    if kind == "COMM":
        return _description(body, 4) in _COMMENTS
    return kind == "TXXX" and _is_free(_description(body, 1))


def _description(body: bytes, at: int) -> str:
    """Return the description of a frame in upper case; what is none is on no list."""
    codec = _CODECS[body[0]] if body and body[0] < len(_CODECS) else "latin-1"
    width = 2 if codec.startswith("utf-16") else 1
    end = next((end for end in range(at, len(body), width) if body[end : end + width] == bytes(width)), len(body))
    return body[at:end].decode(codec, "replace").upper()


def _is_free(name: str) -> bool:
    return name in _FREE or name.startswith(_FREE_BEGIN)


# --- Vorbis comments -------------------------------------------------------------------------------

#: Not: gain, pictures, cue sheets, chapters, masks of channels.
VORBIS_FIELDS = _words(
    """
    ALBUM ALBUMARTIST ALBUMARTISTSORT ALBUMSORT ARTIST ARTISTSORT COMMENT COMPOSER COMPOSERSORT CONDUCTOR CONTACT
    COPYRIGHT DATE DESCRIPTION DISCNUMBER DISCTOTAL ENCODED-BY ENCODER GENRE GROUPING LICENSE LOCATION LYRICS
    ORGANIZATION PERFORMER PUBLISHER RATING SUBTITLE TITLE TITLESORT TOTALDISCS TOTALTRACKS TRACKNUMBER TRACKTOTAL
    VERSION
    """
)


def vorbis_comments(block: bytes) -> Iterator[Counted]:
    """Yield the comments that count."""
    try:
        comments, rest = vorbis.comments_of(block)
    except TagError:
        yield f"{FIELD}comments", block
        return
    for name, comment in comments:
        if name not in VORBIS_FIELDS and not _is_free(name):
            yield f"{FIELD}comment {name}", comment.partition(b"=")[2]
    if any(rest):
        yield f"{FIELD}comments", rest


# --- items of MP4 ----------------------------------------------------------------------------------

#: Four letters of items.  Not: covr, cpil, hdvd, pgap, stik, tmpo.
MP4_ITEMS = _words(
    """
    ©ART ©alb ©aut ©cmt ©cpy ©day ©des ©enc ©gen ©grp ©lyr ©nam ©pub ©too ©wrt aART catg cprt desc disk gnre keyw ldes
    soaa soal soar soco sonm trkn
    """
)
_ITUNES = b"com.apple.iTunes"


def item(name: str, box: bytes) -> Iterator[Counted]:
    """Yield an item of user data where it counts; the handler of an iTunes list comes with the first item."""
    free = _free_name(box) if name == "----" else ""
    is_known = box[16:20] == b"mdir" if name == "meta/hdlr" else name in MP4_ITEMS or _is_free(free)
    if not is_known:
        yield f"{FIELD}{name} {free}", box


def _free_name(box: bytes) -> str:
    stream = io.BytesIO(box)
    try:
        inner = [(part.kind, content(stream, part)[4:]) for part in boxes(stream, 8, len(box))]
    except ContainerError:
        return ""
    if [kind for kind, _ in inner[:2]] != [b"mean", b"name"] or inner[0][1] != _ITUNES:
        return ""
    return inner[1][1].decode("latin-1").upper()


# --- XMP -------------------------------------------------------------------------------------------

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMP = "http://ns.adobe.com/xap/1.0/"
#: Namespaces all of whose properties are text, but for those in ``_SHOWN``.
XMP_NAMESPACES = frozenset(
    {
        "http://purl.org/dc/elements/1.1/",
        _XMP,
        "http://ns.adobe.com/xap/1.0/rights/",
        "http://ns.adobe.com/xap/1.0/mm/",
        "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
        "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
        "http://ns.useplus.org/ldf/xmp/1.0/",
        "http://ns.adobe.com/photoshop/1.0/",
        "http://ns.adobe.com/lightroom/1.0/",
        "http://www.digikam.org/ns/1.0/",
        "http://www.tc260.org.cn/ns/AIGC/1.0/",
    }
)
_SHOWN = frozenset({(_XMP, "Thumbnails"), ("http://ns.adobe.com/photoshop/1.0/", "ICCProfile")})


def xmp_packet(packet: bytes) -> Iterator[Counted]:
    """Yield the properties of other namespaces, in an order of their own: programs sort them differently."""
    try:
        root = parse(packet.strip(b"\0 \t\r\n")) if len(packet) <= MOST else None
        found = None if root is None else sorted(repr(item) for item in _properties(root))
    except (XmlError, RecursionError):
        found = None
    if found is None:
        yield f"{FIELD}xmp", packet
        return
    for item in found:
        yield f"{FIELD}xmp", item.encode("utf-8", "surrogatepass")


def _properties(root: Element) -> Iterator[Any]:
    """Yield the properties that count, whether they stand in attributes or elements; and all that is no property."""
    rdf = [root] if root.namespace == _RDF else root.children
    for outer in rdf:
        if (outer.namespace, outer.name) != (_RDF, "RDF"):
            yield _plain(outer)
            continue
        for described in outer.children:
            if (described.namespace, described.name) != (_RDF, "Description"):
                yield _plain(described)
                continue
            for name, value in described.attributes.items():
                namespace, _, local = name.rpartition(" ")
                if namespace != _RDF and name != "about" and _property_counts(namespace, local):
                    yield (namespace, local, (), value, ())
            for child in described.children:
                if _property_counts(child.namespace, child.name):
                    yield _plain(child)


def _property_counts(namespace: str, name: str) -> bool:
    return namespace not in XMP_NAMESPACES or (namespace, name) in _SHOWN


def _plain(element: Element) -> Any:
    attributes = tuple(sorted(element.attributes.items()))
    return (element.namespace, element.name, attributes, element.text, tuple(map(_plain, element.children)))


# --- resources of Photoshop, in which IPTC stands --------------------------------------------------

_IPTC, _IPTC_DIGEST = 0x0404, 0x0425


def image_resources(block: bytes) -> Iterator[Counted]:
    """Yield all resources but IPTC, and the digest of that."""
    at, found = 0, []
    while block[at : at + 4] == b"8BIM":
        kind = int.from_bytes(block[at + 4 : at + 6], "big")
        name_end = at + 7 + block[at + 6 : at + 7][:1].ljust(1, b"\0")[0]
        body = name_end + (name_end - at) % 2 + 4  # the name is padded to an even length
        end = body + int.from_bytes(block[body - 4 : body], "big")
        if end > len(block):
            break
        found += [] if kind in (_IPTC, _IPTC_DIGEST) else [(f"resource {kind:04x}", block[at + 6 : end])]
        at = end + (end - at) % 2
    if any(block[at:]):
        yield "resources", block
    else:
        yield from found


# --- texts of PNG ----------------------------------------------------------------------------------

#: Keywords of PNG (3rd ed. §11.3.3.2) and of generators.  Not: raw profiles, which hold EXIF and colours.
PNG_KEYWORDS = frozenset(
    {
        *(b"Title", b"Author", b"Description", b"Copyright", b"Creation Time", b"Software", b"Disclaimer"),
        *(b"Warning", b"Source", b"Comment", b"Collection", b"AIGC", b"parameters", b"prompt", b"workflow"),
    }
)
