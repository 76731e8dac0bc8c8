"""Random parameters."""

from __future__ import annotations

from .parameter import CreateParameter, Parameter

__all__ = ["exponential", "lognormal", "normal", "uniform", "uniform_int"]


def uniform(min: float = 0.0, max: float = 1.0) -> Parameter:
    """Return a parameter distributed uniformly over the interval [min, max)."""
    return CreateParameter("uniform", {"min": min, "max": max})


def uniform_int(max: int) -> Parameter:
    """Return a parameter distributed uniformly over the integers 0, ..., max - 1."""
    return CreateParameter("uniform_int", {"max": max})


def normal(mean: float = 0.0, std: float = 1.0) -> Parameter:
    """Return a normally distributed parameter."""
    return CreateParameter("normal", {"mean": mean, "std": std})


def exponential(beta: float = 1.0) -> Parameter:
    """Return an exponentially distributed parameter with scale (mean) `beta`."""
    return CreateParameter("exponential", {"beta": beta})


def lognormal(mean: float = 0.0, std: float = 1.0) -> Parameter:
    """Return a parameter whose logarithm is normal with the given mean and deviation."""
    return CreateParameter("lognormal", {"mean": mean, "std": std})
