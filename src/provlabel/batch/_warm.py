"""Imported by the fork server alone: what every worker needs, loaded once and shared by all of them."""

from provlabel import engine
from provlabel.batch import work as work

engine.binding()
