"""Files for the rules of states of the USA."""

from __future__ import annotations

from laws import HUMAN, ICON, SPOKEN, UNSIGNED, Made, Three, signed
from provlabel.label.vocabularies import IPTC

MARKED = signed(marks=[{"type": "watermark", "algorithm": "com.adobe.trustmark.P"}])
AD = {
    "judgements": {"advertising": True},
    "likeness": [{"depicts": "image", "synthetic": True, "real_person": False}],
}

CASES: dict[str, Three] = {
    "law.us-ca.1": Three(signed(), signed(provider=None), HUMAN),
    "law.us-ca.2": Three(signed(), signed(systems=[{"name": "AcmePaint"}]), HUMAN),
    "law.us-ca.3": Three(signed(), signed(event_time=None), HUMAN),
    "law.us-ca.4": Three(signed(), UNSIGNED, HUMAN),
    "law.us-ca.5": Three(
        signed(),
        signed()._replace(action={"action": "c2pa.created", "digitalSourceType": IPTC + "algorithmicallyEnhanced"}),
        HUMAN,
    ),
    "law.us-ca.6": Three(
        None,
        signed(identifiers=[{"type": "url", "value": "https://acme.example/1"}]),
        signed(),
        undecided="nobody looks at the page that is linked",
    ),
    "law.us-ca.7": Three(None, signed(), HUMAN, undecided="no standard has the field yet"),
    "law.us-ca.8": Three(MARKED, MARKED._replace(changed=True), HUMAN),
    "law.us-ca.9": Three(
        signed(kind="ai_modified", operations=[{"operation": "cropped"}])._replace(parents=(Made(),)),
        signed(kind="ai_modified")._replace(parents=(Made(),)),
        signed(),
        undecided="no duty of its own: without operations, nobody can tell whether the law applies",
    ),
    "law.us-wa.1": Three(signed(), UNSIGNED, HUMAN),
    "law.us-ut.1": Three(signed(), signed(event_time=None), HUMAN),
    "law.us-ny.1": Three(
        signed(**AD, disclosure=ICON),
        signed(**AD, disclosure=SPOKEN),
        signed(judgements={"advertising": False}),
    ),
}
