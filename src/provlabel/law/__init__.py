"""The law as dated data: rules in TOML, conditions and checks as small pure functions, and a judge."""

from provlabel.law.judging import LawJudge, judge_law, law_findings
from provlabel.law.loading import law_part, law_rules, laws_on_removal, load_laws
from provlabel.law.records import LAWS, Law, Subject
from provlabel.law.subjects import subject_of, subject_of_label

__all__ = [
    "LAWS", "Law", "LawJudge", "Subject", "judge_law", "law_findings", "law_part", "law_rules", "laws_on_removal",
    "load_laws", "subject_of", "subject_of_label",
]  # fmt: skip
