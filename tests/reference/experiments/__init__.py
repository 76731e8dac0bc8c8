"""Deterministic experiments, each a function of a PyNEST-like module and a resolution."""

from . import (
    conductance,
    devices,
    glif,
    hodgkin_huxley,
    integrate_and_fire,
    izhikevich,
    late,
    networks,
    plasticity,
    space,
)
from .base import EXPERIMENTS, Arrays, Experiment

__all__ = [
    "EXPERIMENTS",
    "Arrays",
    "Experiment",
    "conductance",
    "devices",
    "glif",
    "hodgkin_huxley",
    "integrate_and_fire",
    "izhikevich",
    "late",
    "networks",
    "plasticity",
    "space",
]
