"""The command line: ``ovenbird models``, ``describe``, ``run`` and ``bench``."""

from __future__ import annotations

import argparse
import io
import sys
import time
import types
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import ovenbird

_KINDS = ("neuron", "stimulator", "recorder", "other", "synapse")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    args = _parser().parse_args(argv)
    try:
        return int(args.command(args))
    except BrokenPipeError:
        sys.stderr.close()
        return 0


class _Version(argparse.Action):
    """Prints the version, which takes time to look up, only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"ovenbird {ovenbird.__version__}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ovenbird",
        description="Ovenbird, a simulator for spiking neural networks.",
        epilog="'ovenbird COMMAND --help' tells more about a command.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    models = commands.add_parser(
        "models", help="list the models", description="List all models with a line about each."
    )
    models.add_argument("--kind", choices=_KINDS, help="only the models of this kind")
    models.set_defaults(command=_models)

    describe = commands.add_parser(
        "describe",
        help="describe a model",
        description="Print the page of a model: equations, parameters with units and defaults, "
        "recordables, receptors.",
    )
    describe.add_argument("name", metavar="NAME", help="a model, such as iaf_psc_alpha")
    describe.set_defaults(command=_describe)

    run = commands.add_parser(
        "run",
        help="run a PyNEST script",
        description="Run a Python script in which 'import nest' gives Ovenbird. The script sees "
        "its own arguments, and itself as __main__.",
    )
    run.add_argument("script", type=Path, metavar="SCRIPT", help="the script")
    run.add_argument(
        "args", nargs=argparse.REMAINDER, metavar="ARGS", help="arguments for the script"
    )
    run.set_defaults(command=_run)

    bench = commands.add_parser(
        "bench",
        help="measure the speed on this machine",
        description="Simulate a random balanced network (80 % excitatory, 20 % inhibitory "
        "iaf_psc_alpha neurons driven by Poisson noise) and print the real-time factor: the time "
        "that it took over the biological time that was simulated; below 1 is faster than life.",
    )
    bench.add_argument("--neurons", type=_positive, default=2500, help="default: %(default)s")
    bench.add_argument("--indegree", type=_positive, default=250, help="default: %(default)s")
    bench.add_argument("--time", type=_positive, default=1000, help="in ms; default: %(default)s")
    bench.add_argument("--threads", type=_positive, default=1, help="default: %(default)s")
    bench.set_defaults(command=_bench)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive whole number")
    return int(text)


def _models(args: argparse.Namespace) -> int:
    from ovenbird.models import catalogue, model_names

    about = [catalogue().describe(name) for name in model_names()]
    about = [item for item in about if args.kind in (None, item["kind"])]
    wide = max(len(item["name"]) for item in about)
    for kind in dict.fromkeys(item["kind"] for item in sorted(about, key=_kind_order)):
        print(f"{kind}:")
        for item in about:
            if item["kind"] == kind:
                print(f"  {item['name']:<{wide}}  {item['summary']}".rstrip())
    return 0


def _kind_order(about: dict[str, str]) -> int:
    return _KINDS.index(about["kind"])


def _describe(args: argparse.Namespace) -> int:
    from ovenbird._suggest import did_you_mean
    from ovenbird.models import describe, model_names

    if args.name not in model_names():
        return _fail(f"there is no model {args.name!r}{did_you_mean(args.name, model_names())}")
    print(args.name)
    print("=" * len(args.name), end="\n\n")
    print(describe(args.name))
    return 0


def _run(args: argparse.Namespace) -> int:
    script: Path = args.script
    try:
        with io.open_code(str(script.resolve())) as file:
            source = file.read()
    except OSError as error:
        return _fail(f"cannot read {script}: {error.strerror}")
    import_module("ovenbird.as_nest")
    module = types.ModuleType("__main__")
    module.__file__ = str(script)
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]
    sys.modules["__main__"] = module
    sys.argv = [str(script), *args.args]
    sys.path.insert(0, str(script.resolve().parent))
    try:
        exec(compile(source, str(script), "exec"), module.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        own_frame = error.__traceback__
        inner = own_frame.tb_next if own_frame is not None else None
        sys.excepthook(type(error), error.with_traceback(inner), inner)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _bench(args: argparse.Namespace) -> int:
    from ovenbird.simulator import Simulator
    from ovenbird.units import Hz, ms, pA

    if args.indegree > args.neurons:
        return _fail("--indegree must not be larger than --neurons")
    began = time.perf_counter()
    sim = Simulator(dt=0.1 * ms, seed=1, threads=args.threads)
    neurons = sim.create("iaf_psc_alpha", args.neurons)
    n_excitatory = args.neurons * 4 // 5
    n_from = (args.indegree * 4 // 5, args.indegree - args.indegree * 4 // 5)
    weight = 20 * pA * (250 / args.indegree) ** 0.5
    noise = sim.create("poisson_generator", rate=4000 * Hz)
    recorder = sim.create("spike_recorder")
    sim.connect(noise, neurons, weight=20 * pA, delay=1.5 * ms)
    sources = (neurons[:n_excitatory], neurons[n_excitatory:])
    for group, indegree, sign in zip(sources, n_from, (1, -6), strict=True):
        if indegree and len(group):
            rule = {"rule": "fixed_indegree", "indegree": indegree}
            sim.connect(group, neurons, rule, weight=sign * weight, delay=1.5 * ms)
    sim.connect(neurons, recorder)
    built = time.perf_counter()
    results = sim.simulate(args.time * ms)
    done = time.perf_counter()
    seconds = args.time / 1000
    print(f"network           {args.neurons} neurons, {args.neurons * args.indegree} synapses")
    print(f"threads           {args.threads}")
    print(f"mean rate         {results.rate(recorder):.1f} spikes/s")
    print(f"build             {built - began:.2f} s")
    print(f"simulate          {done - built:.2f} s for {seconds:g} s of biological time")
    print(f"real-time factor  {(done - built) / seconds:.2f}")
    return 0


def _fail(message: str) -> int:
    print(f"ovenbird: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
