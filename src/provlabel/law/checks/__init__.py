"""What must hold: one small pure function for each check, by the name that ``law/*.toml`` uses.

A check says only what the file and its signer tell.  Where a person has to decide, it says so and what about.
"""

from __future__ import annotations

from collections.abc import Callable

from provlabel.law.checks.answers import human_judgement, outside_the_file
from provlabel.law.checks.china import aigc_object, aigc_producer, not_c2pa_alone, propagator, provider_code
from provlabel.law.checks.china_marks import explicit_mark
from provlabel.law.checks.facts import content_id, detector, event_time, fields, operations
from provlabel.law.checks.machine import (
    created_or_altered,
    inputs_kept,
    lasting,
    machine_mark,
    mark_and_time,
    mark_or_watermark,
    no_secrets,
    not_fingerprint_alone,
    resource_id,
    signature,
    watermark,
)
from provlabel.law.checks.people import (
    accessible,
    also_seen_and_reminded,
    beside_machine_mark,
    disclosure,
    marked_or_noticed,
    performer_notice,
    placed,
)
from provlabel.law.checks.platforms import signal
from provlabel.law.records import Given, Outcome, Subject

Check = Callable[[Subject, Given], Outcome]

CHECKS: dict[str, Check] = {
    "outside-the-file": outside_the_file,
    "human-judgement": human_judgement,
    "signature": signature,
    "watermark": watermark,
    "not-fingerprint-alone": not_fingerprint_alone,
    "lasting": lasting,
    "inputs-kept": inputs_kept,
    "no-secrets": no_secrets,
    "fields": fields,
    "detector": detector,
    "event-time": event_time,
    "content-id": content_id,
    "created-or-altered": created_or_altered,
    "operations": operations,
    "resource-id": resource_id,
    "mark-and-time": mark_and_time,
    "mark-or-watermark": mark_or_watermark,
    "machine-mark": machine_mark,
    "disclosure": disclosure,
    "placed": placed,
    "also-seen-and-reminded": also_seen_and_reminded,
    "performer-notice": performer_notice,
    "accessible": accessible,
    "beside-machine-mark": beside_machine_mark,
    "marked-or-noticed": marked_or_noticed,
    "aigc-object": aigc_object,
    "aigc-producer": aigc_producer,
    "provider-code": provider_code,
    "propagator": propagator,
    "not-c2pa-alone": not_c2pa_alone,
    "explicit-mark": explicit_mark,
    "signal": signal,
}
