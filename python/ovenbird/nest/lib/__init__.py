"""The functions of the namespace under the module names of PyNEST."""
