"""Networks in SONATA files: one is written here and read back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ovenbird.nest as nest

h5py = pytest.importorskip("h5py")


def write(root: Path, **run: Any) -> Path:
    """Write a network of four neurons of two models and two spike trains."""
    with h5py.File(root / "cells.h5", "w") as file:
        file["nodes/cells/node_type_id"] = [7, 7, 8, 7]
    with h5py.File(root / "input.h5", "w") as file:
        file["nodes/input/node_type_id"] = [1, 1]
    with h5py.File(root / "spikes.h5", "w") as file:
        file["spikes/input/node_ids"] = [1, 0, 1]
        file["spikes/input/timestamps"] = [3.0, 2.0, 1.0]
    with h5py.File(root / "edges.h5", "w") as file:
        edges = file.create_group("edges/input_to_cells")
        edges["source_node_id"] = [0, 0, 1, 1, 1]
        edges["target_node_id"] = [0, 3, 1, 2, 2]
        edges["source_node_id"].attrs["node_population"] = "input"
        edges["target_node_id"].attrs["node_population"] = "cells"
        edges["edge_type_id"] = [1, 2, 1, 1, 2]
        edges["0/syn_weight"] = [10.0, 20.0, 30.0, 40.0, 50.0]
    (root / "cell_types.csv").write_text(
        "node_type_id model_type model_template dynamics_params ei\n"
        '7 point_neuron nest:iaf_psc_alpha alpha.json "an e"\n'
        "8 point_neuron nest:iaf_psc_exp exp.json i\n"
    )
    (root / "input_types.csv").write_text("node_type_id model_type\n1 virtual\n")
    (root / "edge_types.csv").write_text(
        "edge_type_id delay dynamics_params model_template\n"
        "1 1.5 syn.json static_synapse\n2 2.5 syn.json static_synapse\n"
    )
    (root / "alpha.json").write_text('{"C_m": 100.0}')
    (root / "exp.json").write_text('{"C_m": 200.0}')
    (root / "syn.json").write_text('{"receptor_type": 0}')
    config = {
        "manifest": {"$BASE_DIR": "${configdir}", "$NET": "$BASE_DIR"},
        "components": {"point_neuron_models_dir": "$NET", "synaptic_models_dir": "$NET"},
        "networks": {
            "nodes": [
                {"nodes_file": "$NET/cells.h5", "node_types_file": "$NET/cell_types.csv"},
                {"nodes_file": "$NET/input.h5", "node_types_file": "$NET/input_types.csv"},
            ],
            "edges": [{"edges_file": "$NET/edges.h5", "edge_types_file": "$NET/edge_types.csv"}],
        },
        "inputs": {"trains": {"input_file": "$NET/spikes.h5", "node_set": "input"}},
        "run": {"dt": 0.1, **run},
        "target_simulator": "NEST",
    }
    path = root / "config.json"
    path.write_text(json.dumps(config))
    return path


@pytest.mark.parametrize("size", [None, 2])
def test_network(tmp_path: Path, size: int | None) -> None:
    network = nest.SonataNetwork(write(tmp_path, tstop=10.0))
    nodes = network.BuildNetwork(size)
    cells = nodes["cells"]
    assert cells.model == ("iaf_psc_alpha", "iaf_psc_alpha", "iaf_psc_exp", "iaf_psc_alpha")
    assert cells.C_m == (100.0, 100.0, 200.0, 100.0)
    conns = nest.GetConnections(nodes["input"], cells)
    rows = zip(conns.source, conns.target, conns.weight, conns.delay, strict=True)
    assert sorted(rows) == [
        (5, 1, 10.0, 1.5),
        (5, 4, 20.0, 2.5),
        (6, 2, 30.0, 1.5),
        (6, 3, 40.0, 1.5),
        (6, 3, 50.0, 2.5),
    ]
    recorder = nest.Create("spike_recorder")
    nest.Connect(nodes["input"], recorder)
    network.Simulate()
    assert nest.biological_time == 10.0
    order = np.lexsort((recorder.events["times"], recorder.events["senders"]))
    assert recorder.events["senders"][order].tolist() == [5, 6, 6]
    assert recorder.events["times"][order].tolist() == [2.0, 1.0, 3.0]


def test_errors(tmp_path: Path) -> None:
    path = write(tmp_path)
    network = nest.SonataNetwork(path)
    with pytest.raises(RuntimeError, match="created before"):
        network.Connect()
    with pytest.raises(TypeError, match="int"):
        network.BuildNetwork(2.0)
    with pytest.raises(ValueError, match="strictly positive"):
        network.BuildNetwork(0)
    with pytest.raises(RuntimeError, match="must be built"):
        network.Simulate()
    network.BuildNetwork()
    with pytest.raises(ValueError, match="tstop"):
        network.Simulate()
    config = json.loads(path.read_text())
    for change, match in [({"target_simulator": "NEURON"}, "NEURON"), ({"run": {}}, "dt")]:
        path.write_text(json.dumps({**config, **change}))
        with pytest.raises(ValueError, match=match):
            nest.SonataNetwork(path)
    with pytest.raises(TypeError, match="pathlib"):
        nest.SonataNetwork(5)
