"""The exceptions of the kernel, under the names that NEST gives them.

All of them derive directly from `KernelException`. Some share their name with a
built-in exception (`IOError`, `KeyError`): refer to them through this module.
"""


class KernelException(Exception):
    """Raised when the kernel cannot do what is asked; the base of all exceptions here."""

    @property
    def errorname(self) -> str:
        """Name of the exception class."""
        return type(self).__name__

    @property
    def errormessage(self) -> str:
        """Text of the exception."""
        return str(self)


NESTError = KernelException


class BackendAlreadyRegistered(KernelException):
    """Raised when a recording or stimulation backend is registered under a name in use."""


class BackendNotPrepared(KernelException):
    """Raised when a backend is used before Prepare."""


class BackendPrepared(KernelException):
    """Raised when a recorder is changed between Prepare and Cleanup."""


class BadDelay(KernelException):
    """Raised when a delay is below the resolution or outside the allowed range."""


class BadParameter(KernelException):
    """Raised when an argument of a call has a value that the call cannot take."""


class BadParameterValue(KernelException):
    """Raised when a value of a connection or creation parameter is out of range."""


class BadProperty(KernelException):
    """Raised when a value is outside the domain of its parameter."""


class DimensionMismatch(KernelException):
    """Raised when two populations or arrays that belong together differ in length."""


class DistributionError(KernelException):
    """Raised when the parameters of a random distribution do not define one."""


class DynamicModuleManagementError(KernelException):
    """Raised when an extension module cannot be loaded."""


class GSLSolverFailure(KernelException):
    """Raised when the adaptive solver of a differential equation gives up."""


class IOError(KernelException):
    """Raised when a data file cannot be opened, or exists and may not be overwritten."""


class IllegalConnection(KernelException):
    """Raised when a connection between two nodes is not possible."""


class IncompatibleReceptorType(KernelException):
    """Raised when a receptor exists, but does not take the kind of event sent to it."""


class InexistentConnection(KernelException):
    """Raised when a connection to be removed does not exist."""


class InternalError(KernelException):
    """Raised when an invariant of the kernel is violated."""


class InvalidDefaultResolution(KernelException):
    """Raised when a default time of a model does not fit the resolution."""


class InvalidTimeInModel(KernelException):
    """Raised when a time in a copied model does not fit the resolution."""


class KeyError(KernelException):
    """Raised when a name is missing from a dictionary of the kernel."""


class LayerExpected(KernelException):
    """Raised when a spatial collection is needed."""


class LayerNodeExpected(KernelException):
    """Raised when a node of a spatial collection is needed."""


class LocalNodeExpected(KernelException):
    """Raised when a node of this process is needed."""


class MPIErrorCode(KernelException):
    """Raised when a call to the message passing library fails."""


class MPIPortsFileMissing(KernelException):
    """Raised when the file with the port of the other process is missing."""


class MPIPortsFileUnknown(KernelException):
    """Raised when the file with the port of the other process cannot be read."""


class MUSICChannelAlreadyMapped(KernelException):
    """Raised when a channel of a port is mapped twice."""


class MUSICChannelUnknown(KernelException):
    """Raised when a port does not have the channel asked for."""


class MUSICPortAlreadyPublished(KernelException):
    """Raised when a port is published twice."""


class MUSICPortHasNoWidth(KernelException):
    """Raised when the width of a port is not specified."""


class MUSICPortUnconnected(KernelException):
    """Raised when a port is not connected."""


class MUSICPortUnknown(KernelException):
    """Raised when a port does not exist."""


class MUSICSimulationHasRun(KernelException):
    """Raised when ports are changed after a simulation."""


class ModelInUse(KernelException):
    """Raised when a model that nodes use is to be removed."""


class NamingConflict(KernelException):
    """Raised when a name is used for two different things."""


class NewModelNameExists(KernelException):
    """Raised when CopyModel is given a name that a model already has."""


class NoThreadSiblingsAvailable(KernelException):
    """Raised when a device without siblings on each thread is addressed per thread."""


class NodeWithProxiesExpected(KernelException):
    """Raised when a node that lives on one thread only is needed."""


class NotImplemented(KernelException):
    """Raised when the operation is not available."""


class NumericalInstability(KernelException):
    """Raised when a state variable leaves the range of meaningful values."""


class RangeCheck(KernelException):
    """Raised when an index is out of range."""


class StepMultipleRequired(KernelException):
    """Raised when a time must be a multiple of the simulation step."""


class TimeMultipleRequired(KernelException):
    """Raised when a time must be a multiple of another time."""


class TypeMismatch(KernelException):
    """Raised when a value has the wrong type."""


class UnaccessedDictionaryEntry(KernelException):
    """Raised when a dictionary contains a key that nothing reads, as a rule a misspelt one."""


class UndefinedName(KernelException):
    """Raised when a name of a parameter or mask type is unknown."""


class UnexpectedEvent(KernelException):
    """Raised when a receptor is sent a kind of event that it cannot take."""


class UnknownCompartment(KernelException):
    """Raised when a compartment does not exist."""


class UnknownComponent(KernelException):
    """Raised when a name is neither a model nor a recording backend."""


class UnknownModelName(KernelException):
    """Raised when a node model does not exist."""


class UnknownNode(KernelException):
    """Raised when a node does not exist."""


class UnknownPort(KernelException):
    """Raised when a port does not exist."""


class UnknownReceptorType(KernelException):
    """Raised when a node does not have the receptor asked for."""


class UnknownSynapseType(KernelException):
    """Raised when a synapse model does not exist."""


class UnknownThread(KernelException):
    """Raised when a thread does not exist."""


class UnmatchedSteps(KernelException):
    """Raised when a step is set that does not continue the last one."""


class UnsupportedEvent(KernelException):
    """Raised when a device is sent a kind of event that it does not support."""
