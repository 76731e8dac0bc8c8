"""Nodes in space: layers, masks, Connect with positions, and what tells of them."""

import math

import numpy as np
import pytest

import ovenbird.nest as nest
from ovenbird import errors

CIRCLE = {"circular": {"radius": 1.1}}
PAIRWISE = {"rule": "pairwise_bernoulli"}


def grid(shape=(5, 5), **kwargs):
    kwargs.setdefault("extent", [float(n) for n in shape])
    return nest.Create("iaf_psc_alpha", positions=nest.spatial.grid(list(shape), **kwargs))


def pairs():
    conns = nest.GetConnections()
    return sorted(zip(conns.sources(), conns.targets(), strict=True))


class TestLayers:
    def test_slices_are_in_space_and_selections_are_not(self):
        layer = grid()
        assert layer[3:9:2].spatial["network_size"] == 3
        assert layer[4].spatial["edge_wrap"] is False
        assert all(node.spatial is not None for node in layer)
        assert layer[[1, 3]].spatial is None
        assert nest.NodeCollection(layer.tolist()).spatial is None
        assert nest.Create("iaf_psc_alpha", 2).spatial is None

    def test_spatial_describes_grid_and_free_layers(self):
        layer = grid((2, 3), center=[1.0, 2.0])
        assert set(layer.spatial) == {"center", "edge_wrap", "extent", "network_size", "shape"}
        assert layer.spatial["shape"].tolist() == [2, 3]
        free = nest.Create("iaf_psc_alpha", positions=nest.spatial.free([[0.0, 0.0], [1.2, 0.5]]))
        assert free.spatial["extent"].tolist() == [2.0, 1.0]
        assert free.spatial["positions"].tolist() == [[0.0, 0.0], [1.2, 0.5]]
        assert free[1:].spatial["positions"].tolist() == [[1.2, 0.5]]

    def test_collections_of_different_layers_differ_and_do_not_join(self):
        first, second = grid(), grid()
        assert first == first[:]
        assert first != second
        assert first[:2] != nest.NodeCollection(first[:2].tolist())
        with pytest.raises(errors.BadProperty, match="same metadata"):
            first + second

    def test_printing_tells_that_nodes_are_in_space(self):
        layer = grid()
        assert str(layer).startswith("NodeCollection(metadata=spatial, model=iaf_psc_alpha")
        assert "metadata=spatial" in str(layer[::2])

    def test_drawn_positions_repeat_with_the_seed_and_not_with_the_threads(self):
        def positions(seed, threads):
            nest.ResetKernel()
            nest.set(rng_seed=seed, local_num_threads=threads)
            drawn = nest.spatial.free(nest.random.uniform(-1.0, 1.0), extent=[2.0, 2.0])
            return nest.GetPosition(nest.Create("iaf_psc_alpha", 50, positions=drawn))

        assert positions(3, 1) == positions(3, 4) != positions(4, 1)

    @pytest.mark.parametrize(
        ("positions", "error"),
        [
            (lambda: [[0.0, 0.0]], TypeError),
            (lambda: nest.spatial.grid([4]), errors.BadProperty),
            (lambda: nest.spatial.grid([0, 3]), errors.BadProperty),
            (lambda: nest.spatial.grid([2.0, 3.0]), errors.TypeMismatch),
            (lambda: nest.spatial.grid([2, 3], extent=[1.0, -1.0]), errors.BadProperty),
            (lambda: nest.spatial.grid([2, 3], center=[0.0]), errors.BadProperty),
            (lambda: nest.spatial.grid([2, 3], edge_wrap=1), errors.TypeMismatch),
            (lambda: nest.spatial.free([]), ValueError),
            (lambda: nest.spatial.free([[0.0, 0.0]]), errors.KernelException),
            (lambda: nest.spatial.free([[0.0], [1.0]]), errors.BadProperty),
            (lambda: nest.spatial.free([[0.0, 0.0], [1.0]]), errors.BadProperty),
            (lambda: nest.spatial.free([[0.0, math.nan], [1.0, 1.0]]), errors.BadProperty),
            (
                lambda: nest.spatial.free([[0.0, 0.0], [9.0, 1.0]], extent=[1, 1]),
                errors.BadProperty,
            ),
            (lambda: nest.spatial.free(nest.random.uniform()), TypeError),
            (lambda: nest.spatial.free([nest.random.uniform()] * 4), ValueError),
        ],
    )
    def test_bad_positions_are_refused_and_make_no_nodes(self, positions, error):
        with pytest.raises(error):
            nest.Create("iaf_psc_alpha", positions=positions())
        assert nest.network_size == 0

    def test_a_number_of_nodes_that_positions_contradict_is_told(self):
        with pytest.raises(ValueError, match="grid positions"):
            nest.Create("iaf_psc_alpha", 3, positions=nest.spatial.grid([2, 2]))
        with pytest.warns(UserWarning, match="n is 5, but there are 2 positions"):
            nest.Create("iaf_psc_alpha", 5, positions=nest.spatial.free([[0.0, 0.0], [1.0, 1.0]]))


class TestMasks:
    def test_operators(self):
        circle = nest.CreateMask("circular", {"radius": 1.0})
        box = nest.CreateMask("rectangular", {"lower_left": [0.0, 0.0], "upper_right": [2.0, 2.0]})
        assert (circle & box).Inside([0.5, 0.5]) and not (circle & box).Inside([-0.5, 0.5])
        assert (circle | box).Inside([-0.5, 0.5]) and (circle | box).Inside((1.5, 1.5))
        assert (circle - box).Inside([-0.5, 0.5]) and not (circle - box).Inside([0.5, 0.5])

    def test_masks_that_do_not_fit_together_are_refused(self):
        circle = nest.CreateMask("circular", {"radius": 1.0})
        with pytest.raises(errors.BadProperty, match="dimensions"):
            circle | nest.CreateMask("spherical", {"radius": 1.0})
        with pytest.raises(errors.KernelException, match="Grid masks"):
            circle | nest.CreateMask("grid", {"shape": [2, 2]})
        with pytest.raises(NotImplementedError):
            circle & 3

    @pytest.mark.parametrize(
        ("args", "error"),
        [
            (("circle", {"radius": 1.0}), errors.UndefinedName),
            (("circular", {}), IndexError),
            (("circular", {"radius": -1.0}), errors.BadProperty),
            (("circular", {"radius": 1.0, "size": 2.0}), errors.UnaccessedDictionaryEntry),
            (("circular", {"radius": 1.0}, [0.0]), errors.BadProperty),
            (("doughnut", {"inner_radius": 2.0, "outer_radius": 1.0}), errors.BadProperty),
            (("elliptical", {"major_axis": 1.0, "minor_axis": 2.0}), errors.BadProperty),
            (("grid", {"shape": [2.0, 3.0]}), errors.TypeMismatch),
            (("grid", {"shape": [2, 0]}), errors.BadProperty),
        ],
    )
    def test_bad_masks_are_refused(self, args, error):
        with pytest.raises(error):
            nest.CreateMask(*args)


class TestConnect:
    def test_a_mask_is_laid_around_sources_unless_on_source(self):
        layer = grid()
        right = {"rectangular": {"lower_left": [0.5, -0.1], "upper_right": [1.5, 0.1]}}
        nest.Connect(layer, layer, {**PAIRWISE, "mask": right})
        assert pairs() == [(i, i + 5) for i in range(1, 21)]
        nest.GetConnections().disconnect()
        nest.Connect(layer, layer, {**PAIRWISE, "mask": right, "use_on_source": True})
        assert pairs() == [(i + 5, i) for i in range(1, 21)]

    def test_mask_objects_work_as_dictionaries_do(self):
        layer = grid()
        nest.Connect(layer, layer, {**PAIRWISE, "mask": CIRCLE})
        described = pairs()
        nest.GetConnections().disconnect()
        mask = nest.CreateMask("circular", CIRCLE["circular"])
        nest.Connect(layer, layer, {**PAIRWISE, "mask": mask})
        assert pairs() == described and len(described) == 105

    def test_only_the_nodes_of_slices_are_connected(self):
        layer = grid()
        nest.Connect(layer[::2], layer[1::2], {**PAIRWISE, "mask": CIRCLE})
        found = pairs()
        assert found and all(s % 2 == 1 and t % 2 == 0 for s, t in found)

    def test_a_mask_larger_than_a_periodic_layer_counts_its_images_as_nest_does(self):
        layer = grid(edge_wrap=True)
        rule = {**PAIRWISE, "mask": {"circular": {"radius": 4.0}}}
        with pytest.raises(errors.BadProperty, match="allow_oversized_mask"):
            nest.Connect(layer, layer, rule)
        nest.Connect(layer, layer, {**rule, "allow_oversized_mask": True})
        assert (len(pairs()), len(set(pairs()))) == (1030, 624)

    def test_degrees_inside_a_mask(self):
        layer = grid()
        rule = {"mask": CIRCLE, "allow_multapses": False, "allow_autapses": False}
        nest.Connect(layer, layer, {"rule": "fixed_indegree", "indegree": 2, **rule})
        found = np.array(pairs())
        assert np.bincount(found[:, 1])[1:].tolist() == [2] * 25
        distances = nest.GetConnections().distance
        assert max(distances) <= 1.1 and min(distances) >= 1.0
        with pytest.raises(errors.KernelException, match="Global source ID 1: Not enough targets"):
            nest.Connect(layer, layer, {"rule": "fixed_outdegree", "outdegree": 3, **rule})

    def test_weights_and_delays_can_depend_on_positions(self):
        layer = grid(edge_wrap=True)
        x, y = nest.spatial.source_pos.x, nest.spatial.target_pos.y
        delay = 1.0 + nest.spatial.distance
        nest.Connect(layer, layer, {**PAIRWISE, "p": 1.0}, {"weight": x + 10.0 * y, "delay": delay})
        conns = nest.GetConnections()
        places = np.array(nest.GetPosition(layer))
        sources = np.array(list(conns.sources())) - 1
        targets = np.array(list(conns.targets())) - 1
        assert conns.weight == pytest.approx(places[sources, 0] + 10.0 * places[targets, 1])
        # delays are whole steps
        assert conns.delay == pytest.approx(1.0 + np.array(conns.distance), abs=0.0501)

    def test_parameters_of_synapse_models_can_depend_on_positions(self):
        layer = grid()
        synapse = {"synapse_model": "stdp_synapse", "Wmax": 100.0 + nest.spatial.distance}
        nest.Connect(layer, layer, {**PAIRWISE, "mask": CIRCLE}, synapse)
        conns = nest.GetConnections()
        assert conns.Wmax == pytest.approx(100.0 + np.array(conns.distance))

    @pytest.mark.parametrize(
        ("rule", "error"),
        [
            ({"rule": "all_to_all", "mask": CIRCLE}, ValueError),
            ({**PAIRWISE, "mask": {"spherical": {"radius": 1.0}}}, errors.BadProperty),
            ({**PAIRWISE, "mask": 3}, TypeError),
            ({**PAIRWISE, "mask": {**CIRCLE, "grid": {"shape": [1, 1]}}}, errors.BadProperty),
            ({**PAIRWISE, "mask": CIRCLE, "p": 1.5}, errors.BadProperty),
            ({**PAIRWISE, "mask": CIRCLE, "foo": 1}, ValueError),
            ({**PAIRWISE, "mask": CIRCLE, "use_on_source": 1}, errors.TypeMismatch),
            ({"rule": "fixed_indegree", "mask": CIRCLE}, KeyError),
            ({"rule": "fixed_indegree", "indegree": -1, "mask": CIRCLE}, errors.BadProperty),
            (
                {"rule": "fixed_indegree", "indegree": 1, "mask": CIRCLE, "use_on_source": True},
                ValueError,
            ),
        ],
    )
    def test_bad_rules_are_refused_and_connect_nothing(self, rule, error):
        layer = grid()
        with pytest.raises(error):
            nest.Connect(layer, layer, rule)
        assert nest.num_connections == 0

    def test_positions_of_the_node_have_no_meaning_between_two(self):
        layer = grid()
        with pytest.raises(errors.BadParameterValue, match="source_pos or target_pos"):
            nest.Connect(layer, layer, {**PAIRWISE, "p": nest.spatial.pos.x})
        with pytest.raises(errors.KernelException, match="2 dimensions"):
            nest.Connect(layer, layer, {**PAIRWISE, "p": nest.spatial.distance.z})

    def test_nodes_without_positions_are_refused(self):
        layer, plain = grid(), nest.Create("iaf_psc_alpha", 3)
        for pre, post in ((layer, plain), (plain, layer), (layer[[0, 1]], layer)):
            with pytest.raises(TypeError, match="must have spatial information"):
                nest.Connect(pre, post, {**PAIRWISE, "mask": CIRCLE})

    def test_recorders_can_only_be_targets_of_masks_on_sources(self):
        layer = grid()
        places = nest.spatial.grid([2, 2], extent=[5.0, 5.0])
        recorders = nest.Create("spike_recorder", positions=places)
        with pytest.raises(errors.IllegalConnection, match="to devices is not possible"):
            nest.Connect(layer, recorders, {**PAIRWISE, "mask": CIRCLE})
        nest.Connect(layer, recorders, {**PAIRWISE, "mask": CIRCLE, "use_on_source": True})
        assert nest.num_connections == 16
        generators = nest.Create("poisson_generator", positions=places)
        nest.Connect(generators, layer, {**PAIRWISE, "mask": CIRCLE})
        assert nest.num_connections == 32


class TestFunctions:
    def test_they_refuse_nodes_without_positions(self):
        plain = nest.Create("iaf_psc_alpha", 2)
        mask = nest.CreateMask("circular", {"radius": 1.0})
        for call in (
            lambda: nest.GetPosition(plain),
            lambda: nest.Distance([[0.0, 0.0]], plain),
            lambda: nest.FindCenterElement(plain),
            lambda: nest.SelectNodesByMask(plain, [0.0, 0.0], mask),
            lambda: nest.GetTargetPositions(plain, plain),
            lambda: nest.DumpLayerNodes(plain, "never-written.txt"),
        ):
            with pytest.raises(errors.LayerExpected):
                call()

    def test_nearest_elements(self):
        layer = grid()
        assert nest.FindNearestElement(layer, [0.1, 0.2]).tolist() == [13]
        corners = nest.FindNearestElement(layer, [[-9.0, 9.0], [9.0, -9.0]])
        assert [node.tolist() for node in corners] == [[1], [25]]
        around = nest.FindNearestElement(layer, [0.5, 0.5], find_all=True)
        assert [node.tolist() for node in around] == [[12], [13], [17], [18]]
        assert nest.FindCenterElement(layer).tolist() == [13]

    def test_selection_keeps_to_the_slice(self):
        layer = grid()
        mask = nest.CreateMask("circular", {"radius": 1.0})
        assert nest.SelectNodesByMask(layer, [0.0, 0.0], mask).tolist() == [8, 12, 13, 14, 18]
        assert nest.SelectNodesByMask(layer[::2], [0.0, 0.0], mask).tolist() == [13]
        assert len(nest.SelectNodesByMask(layer, [99.0, 0.0], mask)) == 0

    def test_distance_is_unknown_where_an_end_has_no_position(self):
        layer, recorder = grid((2, 2)), nest.Create("spike_recorder")
        nest.Connect(layer[:1], layer[:2])
        nest.Connect(layer[:1], recorder)
        distances = nest.GetConnections().distance
        assert distances[:2] == [0.0, 1.0] and math.isnan(distances[2])

    def test_dumps_hold_the_nodes_given(self, tmp_path):
        layer, recorder = grid((2, 2)), nest.Create("spike_recorder")
        nest.Connect(layer, recorder)
        nest.DumpLayerNodes(layer[1:3], tmp_path / "nodes.txt")
        assert (tmp_path / "nodes.txt").read_text() == "2 -0.5 -0.5\n3 0.5 0.5\n"
        file = tmp_path / "connections.txt"
        nest.DumpLayerConnections(layer[:1], recorder, "static_synapse", file)
        assert file.read_text() == "1 5 1 1 nan nan\n"
        with pytest.raises(OSError, match="No such file"):
            nest.DumpLayerNodes(layer, tmp_path / "nowhere" / "nodes.txt")

    def test_parameters_apply_to_nodes_and_points(self):
        layer = grid()
        assert nest.spatial.pos.y.apply(layer[:3]) == (2.0, 1.0, 0.0)
        assert nest.spatial.distance.apply(layer[12], [[3.0, 4.0], [0.0, 0.0]]) == (5.0, 0.0)
        with pytest.raises(errors.BadParameterValue):
            nest.spatial.distance.apply(layer)
        with pytest.raises(errors.KernelException):
            nest.spatial.pos.x.apply(nest.Create("iaf_psc_alpha"))
        with pytest.raises(errors.BadProperty, match="3 dimensions"):
            nest.spatial.distance.apply(layer[0], [[0.0, 0.0, 0.0]])


class TestPictures:
    @pytest.fixture(autouse=True)
    def plain_backend(self):
        matplotlib = pytest.importorskip("matplotlib")
        matplotlib.use("Agg")
        yield
        matplotlib.pyplot.close("all")

    def test_layers(self):
        layer = grid()
        axes = nest.PlotLayer(layer).gca()
        drawn = np.array(axes.collections[0].get_offsets())
        assert drawn == pytest.approx(np.array(nest.GetPosition(layer)))
        cube = nest.Create("iaf_psc_alpha", positions=nest.spatial.grid([2, 2, 2]))
        assert nest.PlotLayer(cube).gca().name == "3d"

    def test_partners_with_mask_and_kernel(self):
        layer = grid(edge_wrap=True)
        nest.Connect(layer, layer, {**PAIRWISE, "mask": CIRCLE})
        kernel = nest.spatial_distributions.gaussian(nest.spatial.distance)
        for figure in (
            nest.PlotTargets(layer[0], layer, mask=CIRCLE, probability_parameter=kernel),
            nest.PlotSources(layer, layer[0], mask=CIRCLE, probability_parameter=kernel),
        ):
            axes = figure.axes[0]
            assert len(axes.collections[0].get_offsets()) == 5
            assert len(axes.patches) == 10 and len(axes.images) == 1

    def test_kernels_have_their_values(self):
        layer = grid()
        axes = pytest.importorskip("matplotlib.pyplot").subplots()[1]
        edges = [-1.0, 1.0, -2.0, 2.0]
        kernel = 1.0 - 0.5 * nest.spatial.distance
        nest.PlotProbabilityParameter(layer[12], kernel, edges=edges, shape=[3, 5], ax=axes)
        x, y = np.meshgrid([-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0, 1.0, 2.0])
        expected = np.clip(1.0 - 0.5 * np.hypot(x, y), 0.0, 1.0)
        assert np.array(axes.images[0].get_array()) == pytest.approx(expected)

    def test_every_mask_in_the_plane_is_drawn(self):
        layer = grid()
        spec = {"lower_left": [-1.0, -1.0], "upper_right": [0.0, 1.0], "azimuth_angle": 30.0}
        for mask in (
            {"doughnut": {"inner_radius": 0.5, "outer_radius": 1.0}},
            {"elliptical": {"major_axis": 2.0, "minor_axis": 1.0}, "anchor": [1.0, 0.0]},
            {"rectangular": spec},
        ):
            axes = pytest.importorskip("matplotlib.pyplot").subplots()[1]
            nest.PlotProbabilityParameter(layer[12], mask=mask, ax=axes)
            assert len(axes.patches) == 1
        axes = pytest.importorskip("matplotlib.pyplot").subplots()[1]
        rectangle = nest.CreateMask("rectangular", spec)
        nest.PlotProbabilityParameter(layer[12], mask=rectangle, ax=axes)
        assert len(axes.patches) == 1 and not axes.collections
        both = rectangle | nest.CreateMask("circular", {"radius": 0.5})
        nest.PlotProbabilityParameter(layer[12], mask=both, ax=axes)
        assert len(axes.collections) == 1
        with pytest.raises(ValueError, match="At least one"):
            nest.PlotProbabilityParameter(layer[12])
