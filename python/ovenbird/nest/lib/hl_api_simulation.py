"""Running simulations and the attributes of the kernel."""

from ..kernel_status import GetKernelStatus, SetKernelStatus
from ..simulation import Cleanup, Install, Prepare, ResetKernel, Run, RunManager, Simulate
from ..structural_plasticity import DisableStructuralPlasticity, EnableStructuralPlasticity

__all__ = [
    "Cleanup",
    "DisableStructuralPlasticity",
    "EnableStructuralPlasticity",
    "GetKernelStatus",
    "Install",
    "Prepare",
    "ResetKernel",
    "Run",
    "RunManager",
    "SetKernelStatus",
    "Simulate",
]
