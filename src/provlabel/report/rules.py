"""Every rule that a finding can name: its code, its level, what it means, and what to do about it.

``provlabel rules`` prints this table and ``docs/rules.md`` is made from it.  Codes are stable: CI
configurations and exceptions refer to them.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["error", "warning", "note"]


class Rule(NamedTuple):
    """One row."""

    code: str
    level: Level
    meaning: str  #: for people; also the message when a check has nothing to add
    hint: str = ""  #: what to do about it


_ASK = "ask whoever sent the file for the original, or label it again from the original"

_ROWS = (
    Rule("content.altered", "error", "the content, or a signed statement about it, is not what was signed", _ASK),
    Rule(
        "content.tags-edited", "error",
        "only texts in the tags were edited since it was signed, as the signer's own digest of all the rest shows",
        "put the tags back as they were, or ask the signer to label the file with its new tags",
    ),
    Rule("content.not-fully-bound", "error", "the signature does not cover the whole content", _ASK),
    Rule("content.rule-broken", "error", "the manifest breaks a rule of the C2PA specification", _ASK),
    Rule(
        "content.metadata-excluded", "warning",
        "metadata was left out of the signed hash and may have changed: texts, and also how a picture is turned, or a "
        "small picture or cover beside it",
        "compare what is shown with the original, or ask the signer to leave no metadata out",
    ),
    Rule(
        "content.external", "error",
        "a part of what is seen or heard lies in another file, or is made by a script, where no signature covers it",
        "put the part into the file itself, take scripts out, and label the file again",
    ),
    Rule(
        "content.offsets-excluded", "warning",
        "the hash, of an old kind, leaves out the tables of offsets: all media are signed and used in order, once, but "
        "not which track or item each part of them belongs to",
        "ask the signer to label the original again with a newer tool",
    ),
    Rule(
        "content.gaps", "warning",
        "the hash, of an old kind, leaves out the tables of offsets, and nothing uses a part of the media, so that "
        "something may have been skipped",
        "ask the signer to label the original again with a newer tool",
    ),
    Rule(
        "content.type-excluded", "note",
        "no hash is over the type of the file, and the type decides what is shown",
    ),
    Rule(
        "content.damaged", "warning",
        "the file is damaged, or cut off, and players may differ in what they make of it; a manifest beside it judges "
        "its bytes as they are",
        "play it, and ask whoever sent it for a whole one",
    ),
    Rule("content.malformed", "error", "the file or its manifest is damaged and cannot be read", _ASK),
    Rule(
        "content.refused", "error", "the file asks for more than any honest file needs; it was not read further",
        "treat the file as hostile",
    ),
    Rule(
        "content.worker-died", "error", "the engine died on this file, inside its sandbox",
        "treat the file as hostile, or report it if you made it yourself",
    ),
    Rule(
        "content.too-costly", "error", "the file needed more memory or time than its size explains",
        "treat the file as hostile",
    ),
    Rule(
        "content.unsupported", "error", "provlabel does not read this format",
        "run: provlabel formats",
    ),
    Rule(
        "content.unread", "error", "reading stopped with an input or output error",
        "see the error message, and try again",
    ),
    Rule(
        "engine.unknown-code", "error", "the engine reported a failure that this version does not know",
        "update provlabel",
    ),
    Rule(
        "engine.unknown-remark", "note",
        "there is a status code that this version does not know; it says no failure of this file, and does not count",
        "if it matters, ask whose validator recorded it, or update provlabel",
    ),
    Rule("signer.bad-signature", "error", "the signature is missing or does not fit the claim", _ASK),
    Rule(
        "signer.bad-certificate", "error",
        "the certificate of the signer breaks a rule of C2PA, so that nothing it signed counts",
        "ask the signer for a file signed with a certificate for C2PA claim signing",
    ),
    Rule(
        "signer.wrong-purpose", "warning",
        "the signature holds, but the certificate of the signer is for a purpose that you do not accept",
        "ask the signer for a file signed with a certificate for C2PA claim signing",
    ),
    Rule("signer.revoked", "error", "the certificate of the signer was revoked", "do not rely on this file"),
    Rule(
        "signer.expired", "error", "the certificate had expired, and no trusted timestamp proves an earlier time",
        "ask the signer to label the file again, with a timestamp",
    ),
    Rule(
        "signer.ambiguous-name", "warning", "the certificate says a name more than once, so that it names nobody",
        "ask the signer for a certificate with one CN and one O",
    ),
    Rule("signer.not-yet-valid", "error", "the certificate was not valid yet", "check the clock of this machine"),
    Rule(
        "signer.unknown", "warning", "nobody you trust vouches for the signer; the name is only what the file claims",
        "if you know this signer, pass the certificate of its CA with --trust",
    ),
    Rule(
        "signer.invalid-chain", "error", "the certificates of the signer do not make a valid chain",
        "ask the signer which certificates they sign with",
    ),
    Rule(
        "signer.no-anchors", "warning", "no trust anchors were given, so the signer was not judged",
        "pass --trust PEM, or --trust test for the throw-away test root",
    ),
    Rule(
        "signer.test-credential", "warning", "trusted only because the throw-away test root was accepted",
        "never use --trust test outside of tests",
    ),
    Rule(
        "time.unproven", "warning",
        "no timestamp: times are claims, and this file is no longer trusted once the certificate has expired",
        "label with --tsa digicert (or: provlabel trust authorities), or, where space for a timestamp was reserved, "
        "run: provlabel stamp FILE --tsa digicert",
    ),
    Rule(
        "time.untrusted-stamp", "warning",
        "there is a timestamp, but nobody you trust vouches for its authority; its time is only a claim",
        "if you know the authority, pass its CA with --tsa-trust",
    ),
    Rule(
        "time.v1-stamp", "warning",
        "an old kind of timestamp proves that the claim existed then, and not that it was signed then: whoever stole "
        "the key later could have signed it",
        'to refuse such timestamps: v1 = "refuse" below [time] in the policy',
    ),
    Rule(
        "time.unfit-stamp", "warning", "there is a timestamp, and it does not count; its time is only a claim",
        "ask the signer to label the file again, with a timestamp of the new kind",
    ),
    Rule("label.unknown-value", "error", "the label uses a value that is not in its vocabulary", "ask the signer"),
    Rule("label.spelling", "note", "a value is not written as its vocabulary has it; it was understood"),
    Rule("label.contradictory", "error", "statements inside the manifest contradict each other", "ask the signer"),
    Rule(
        "label.contradicts-history", "error",
        "an earlier version, or a part of this, was made by AI, and the label says otherwise",
        "ask the signer; whoever may correct a wrong label of the past signs with --contradict",
    ),
    Rule(
        "label.says-less", "warning", "the label says that the file may contain AI, and the file says that it does",
        "ask the signer which parts are by AI",
    ),
    Rule(
        "label.future", "warning", "the label says that the content was made after the moment of judgement",
        "ask the signer; a claimed day decides which rules apply",
    ),
    Rule(
        "label.unvouched", "error",
        "there is a label that its signer only passes on (a gathered assertion); it counts as none", "ask the signer",
    ),
    Rule(
        "label.gathered", "warning",
        "this stands among what the signer only passes on (gathered assertions), and is not attributed to the signer",
    ),
    Rule("label.inherited", "note", "the history of the file says that AI took part"),
    Rule("label.contains", "note", "a part of the file says that AI took part"),
    Rule("label.malformed", "error", "the label does not follow the schema that it names", "ask the signer"),
    Rule(
        "label.newer-schema", "warning", "the label follows a schema that this version does not know; shown as it is",
        "update provlabel",
    ),
    Rule(
        "label.remote", "warning", "the file has only the address of its manifest on the network; it was not fetched",
        "fetch the manifest yourself and put it beside the file as NAME.EXT.c2pa",
    ),
    Rule("history.broken", "error", "an earlier version or a part was altered, or badly signed, before its use", _ASK),
    Rule(
        "history.rule-broken", "error",
        "the manifest of an earlier version or a part breaks a rule of the C2PA specification",
        "ask who signed that part for one that keeps the rules; a broken rule alone is no sign of a change",
    ),
    Rule("history.unknown-signer", "warning", "nobody you trust vouches for the signer of an earlier version or part"),
    Rule(
        "history.odd-parent", "warning", "an earlier version is of a medium that cannot have become this file",
        "ask the signer; what only served as a model is an input (--input)",
    ),
    Rule("history.no-provenance", "note", "an earlier version or a part came without a manifest"),
    Rule(
        "identity.unknown", "warning", "nobody you trust vouches for an identity; who it names is a claim",
        "if you know it, pass the certificate of its CA with --identity-trust",
    ),
    Rule(
        "identity.not-of-label", "warning",
        "an identity vouches for the content and not for the label, which somebody else can have written",
        "ask who it names whether the label is theirs too",
    ),
    Rule(
        "identity.unknown-issuer", "note", "you do not name the issuer of an identity; who it names is a claim",
        "if you trust what this issuer says of people, name it with --identity-issuer",
    ),
    Rule(
        "identity.unresolved", "note", "the key of the issuer of an identity is not at hand; who it names is a claim",
        "verify with --online, where the network may be used; if that does not reach the key, only the issuer can help",
    ),
    Rule("identity.bad", "error", "an identity assertion is not valid", "ask the signer"),
    Rule(
        "carrier.sidecar-differs", "warning", "a different manifest lies beside the file; the embedded one was judged",
        "remove the one that is out of date",
    ),
    Rule(
        "policy.revocation", "error", "the policy requires an answer about revocation, and there is no valid one",
        "verify with --online, where the network may be used",
    ),
    Rule(
        "carrier.missing", "warning", "the signed label lists a tag that is not in the file",
        "ask the signer, or label the file again; programs that read only tags miss what is signed",
    ),
    Rule("carrier.changed", "error", "a tag has another value than the signed label lists", _ASK),
    Rule(
        "carrier.contradicts", "error", "a tag contradicts what is signed",
        "correct the tag and label the file again, or ask the signer which of the two is right",
    ),
    Rule(
        "carrier.doubled", "error", "the file has more than one AIGC object; only one is allowed (GB 45438-2025)",
        "remove all but the right one, and label the file again",
    ),
    Rule(
        "carrier.unreadable", "warning", "tags cannot be read, so they were not compared with the label",
        "export the file again, or remove the broken tags",
    ),
    Rule("carrier.mark", "note", "the file carries a mark that a generator left"),
    Rule(
        "carrier.unsigned", "note", "tags in the file state something about AI, and are not signed",
        "label the file, so that somebody vouches for the statement",
    ),
    Rule(
        "policy.signer", "error", "the policy does not accept this signer",
        "sign with the key of an accepted signer, or add the signer to the policy",
    ),
    Rule(
        "policy.signer-kind", "error", "the policy does not let this signer state this kind of label",
        "find out who used that key, or add the kind to the signer in the policy",
    ),
    Rule(
        "policy.unpinned-signer", "warning",
        "the policy accepts this signer by names alone, which other trusted CAs could write too",
        "add issuer_sha256 or spki_sha256 to the signer in the policy; --format json shows both",
    ),
    Rule(
        "policy.v1-stamp", "error",
        "a certificate is out of date, and only a timestamp of the old kind excuses that, which the policy refuses",
        "ask the signer to label the file again, with a timestamp of the new kind",
    ),
    Rule(
        "policy.field", "error", "the policy requires a field that the label does not have",
        "label the file again, with that field",
    ),
    Rule(
        "policy.unsigned-carrier", "error", "the policy forbids unsigned claims, and there is one",
        "label the file, or remove the tags",
    ),
    Rule(
        "policy.human-made-by-generator", "error", "the key of a generator was used to state something else than AI",
        "find out who used that key, and label the file again from its source",
    ),
    Rule(
        "policy.clear-prompt", "error", "the policy forbids prompts in clear, and there is one",
        "remove it: provlabel redact FILE --personal --generator-metadata",
    ),
    Rule(
        "policy.exception-expired", "warning", "an exception for this file has expired, and no longer counts",
        "fix the file, or have the owner renew the exception",
    ),
    Rule(
        "delivery.missing", "error", "the message lists a resource, and none of the judged files matches it",
        "deliver the file, or take the resource out of the message",
    ),
    Rule(
        "delivery.unlisted", "error", "the message lists no resource that matches this file",
        "take the file out of the delivery, or add it to the message",
    ),
    Rule(
        "delivery.hash", "error", "the message has another hash for this file",
        "deliver the file for which the message was made, or make the message again",
    ),
    Rule(
        "delivery.hash-not-checked", "warning", "the message has a kind of hash that provlabel does not compute",
        "ask for SHA-256",
    ),
    Rule("delivery.file-name", "warning", "the message has another name for this file", "rename one of them"),
    Rule(
        "delivery.identifier", "error", "label and message have different identifiers for this file",
        "find out which is right, and label the file again or correct the message",
    ),
    Rule(
        "delivery.contains-ai", "error", "label and message disagree on whether AI made it",
        "find out which is right, and label the file again or correct the message",
    ),
    Rule(
        "delivery.undisclosed", "warning", "only one of label and message states that AI took part",
        "state it in both",
    ),
    Rule(
        "delivery.contribution", "error", "label and message disagree on how far AI made a part",
        "find out which is right, and label the file again or correct the message",
    ),
    Rule(
        "delivery.permission", "error", "a deal of the message grants a use that the label does not",
        "take the UseType out of the deal, or label the file again",
    ),
    Rule(
        "delivery.unknown-value", "error",
        "the message has a value about this file that ERN does not define, or contradicts itself",
        "ask whoever sent the message",
    ),
    Rule(
        "delivery.no-ai-fields", "note", "the version of the message has no field about AI; the rest was compared",
        "ask for ERN 4.3.2",
    ),
    Rule(
        "delivery.unread", "error", "the file could not be compared with the message",
        "see the error message, and try again",
    ),
    Rule(
        "second.content", "error", "the second verifier refuses content that provlabel accepts",
        "do not rely on the file until you know which is right; report it, with the file if you may",
    ),
    Rule(
        "second.signer", "error", "the second verifier refuses a signature that provlabel accepts",
        "do not rely on the file until you know which is right; report it, with the file if you may",
    ),
    Rule(
        "second.manifest", "error", "only one of the two verifiers finds a manifest",
        "do not rely on the file until you know which is right; report it, with the file if you may",
    ),
    Rule("second.accepts", "warning", "the second verifier accepts what provlabel refuses; it is still refused"),
    Rule("second.trust", "warning", "the two verifiers do not agree on whether the signer is trusted"),
    Rule("second.known", "note", "the two verifiers differ for a reason that is known"),
    Rule(
        "second.not-given", "warning", "a second opinion was requested, but the second verifier gave none",
        "see its error message; the verdict is that of provlabel alone",
    ),
    Rule(
        "judge.failed", "error", "a check of your own failed, so that nobody knows what it would have found",
        "mend the check, or leave it away",
    ),
    Rule(
        "policy.state", "error", "the policy does not accept the state of this file",
        "see the other findings; no policy accepts such a state, and an exception needs the file's sha256",
    ),
    Rule(
        "policy.label", "error", "the policy requires a label, and there is none",
        "label it: provlabel label FILE --kind …",
    ),
)  # fmt: skip

RULES: dict[str, Rule] = {row.code: row for row in _ROWS}
#: How the rules of one's own checks begin.
OWN = "own."
