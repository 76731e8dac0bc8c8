"""The counted memory of a network: bytes per neuron and per synapse, and against the process."""

import subprocess
import sys

import pytest

import ovenbird.nest as nest

NEURONS, INDEGREE = 4000, 1250


@pytest.fixture(autouse=True)
def fresh() -> None:
    nest.ResetKernel()


def test_a_homogeneous_synapse_takes_at_most_five_bytes() -> None:
    nodes = nest.Create("iaf_psc_alpha", NEURONS)
    rule = {"rule": "fixed_outdegree", "outdegree": INDEGREE}
    nest.Connect(nodes, nodes, rule, {"weight": 1.0, "delay": 1.5})
    nest.Prepare()
    nest.Cleanup()
    assert nest.memory_connections <= 5 * nest.num_connections


def test_a_synapse_with_its_own_weight_and_delay_takes_at_most_thirteen_bytes() -> None:
    nodes = nest.Create("iaf_psc_alpha", NEURONS)
    rule = {"rule": "fixed_outdegree", "outdegree": INDEGREE}
    delay = nest.math.redraw(nest.random.normal(1.5, 0.75), 0.1, 10.0)
    nest.Connect(nodes, nodes, rule, {"weight": nest.random.normal(1.0, 0.1), "delay": delay})
    nest.Prepare()
    nest.Cleanup()
    assert nest.memory_connections <= 13 * nest.num_connections


def test_a_neuron_takes_at_most_250_bytes_beside_its_buffers() -> None:
    before = nest.memory_nodes
    nest.Create("iaf_psc_alpha", 100_000)
    nest.Prepare()
    nest.Cleanup()
    assert nest.memory_nodes - before <= 250 * 100_000


COUNT = """
import ovenbird.nest as nest

def resident():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024

nest.ResetKernel()
nodes = nest.Create("iaf_psc_alpha", 20_000)
before = resident(), nest.memory_network
nest.Connect(
    nodes,
    nodes,
    {"rule": "fixed_indegree", "indegree": 500},
    {"weight": nest.random.normal(1.0, 0.1), "delay": nest.random.uniform(1.0, 5.0)},
)
print(resident() - before[0], nest.memory_network - before[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the resident size from /proc")
def test_what_is_counted_is_what_the_process_takes() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    resident, counted = map(int, done.stdout.split())
    assert counted == pytest.approx(resident, rel=0.2)
