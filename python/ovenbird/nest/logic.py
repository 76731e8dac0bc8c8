"""Choice between parameters."""

from __future__ import annotations

from .parameter import Parameter, _Datum, datum_of, operand

__all__ = ["conditional"]


def conditional(
    condition: Parameter,
    param_if_true: Parameter | float,
    param_if_false: Parameter | float,
) -> Parameter:
    """Return `param_if_true` where `condition` is not 0, and `param_if_false` elsewhere.

    Parameters
    ----------
    condition
        As a rule a comparison of parameters, such as ``p < 0.5``.
    param_if_true, param_if_false
        Parameters or numbers.
    """
    return Parameter(
        _Datum.conditional(
            datum_of(condition, "nest.logic.conditional"),
            operand(param_if_true, "choose between"),
            operand(param_if_false, "choose between"),
        )
    )
