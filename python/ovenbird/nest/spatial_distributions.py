"""Profiles of connectivity: functions of distance or displacement."""

from __future__ import annotations

from .parameter import CreateParameter, Parameter

__all__ = ["exponential", "gabor", "gamma", "gaussian", "gaussian2D"]


def exponential(x: Parameter, beta: float = 1.0) -> Parameter:
    """Return exp(-x / beta)."""
    return CreateParameter("exp_distribution", {"x": x, "beta": beta})


def gaussian(x: Parameter, mean: float = 0.0, std: float = 1.0) -> Parameter:
    """Return a Gaussian of `x` with peak 1."""
    return CreateParameter("gaussian", {"x": x, "mean": mean, "std": std})


def gaussian2D(
    x: Parameter,
    y: Parameter,
    mean_x: float = 0.0,
    mean_y: float = 0.0,
    std_x: float = 1.0,
    std_y: float = 1.0,
    rho: float = 0.0,
) -> Parameter:
    """Return a bivariate Gaussian of `x` and `y` with correlation `rho` and peak 1."""
    specs = {"x": x, "y": y, "mean_x": mean_x, "mean_y": mean_y}
    return CreateParameter("gaussian2d", {**specs, "std_x": std_x, "std_y": std_y, "rho": rho})


def gamma(x: Parameter, kappa: float = 1.0, theta: float = 1.0) -> Parameter:
    """Return the density of the gamma distribution of shape `kappa` and scale `theta` at `x`."""
    return CreateParameter("gamma", {"x": x, "kappa": kappa, "theta": theta})


def gabor(
    x: Parameter,
    y: Parameter,
    theta: float = 0.0,
    gamma: float = 1.0,
    std: float = 1.0,
    lam: float = 1.0,
    psi: float = 0.0,
) -> Parameter:
    """Return a rectified Gabor function: the positive half waves of a wave under a Gaussian.

    Parameters
    ----------
    x, y
        Displacements.
    theta
        Orientation in degrees.
    gamma
        Ratio of the axes.
    std
        Width of the Gaussian.
    lam
        Wavelength.
    psi
        Phase in degrees.
    """
    specs = {"x": x, "y": y, "theta": theta, "gamma": gamma}
    return CreateParameter("gabor", {**specs, "std": std, "lam": lam, "psi": psi})
