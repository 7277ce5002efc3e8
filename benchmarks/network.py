#!/usr/bin/env python3
"""The network engine against the machine and its peers, from measurements of this run (make bench-network).

Usage: network.py BENCHMARK [--no-peers]; BENCHMARK is the compiled popshot_network_benchmark. Writes
benchmarks/results/network.json, docs/benchmarks.md and docs/figures/network_benchmark.png. Peers are installed into
build/peers by pip.
"""

import json
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "benchmarks/peers"
RESULT = ROOT / "benchmarks/results/network.json"
PAGE = ROOT / "docs/benchmarks.md"
FIGURE = ROOT / "docs/figures/network_benchmark.png"
STEP = 0.005
SIZES = (10_000, 100_000)
# NEST takes minutes for more.
NEST_SIZE = 10_000


def words(command, **options):
    """The numbers on the last line that a command prints, or why there are none."""
    outcome = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if outcome.returncode != 0:
        return None, (outcome.stderr.strip() or outcome.stdout.strip()).splitlines()[-1:]
    return [float(word) for word in outcome.stdout.strip().splitlines()[-1].split()], None


def install(folder):
    """A virtual environment with the peers, and the compiled loops."""
    python = folder / "environment/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "environment"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", PEERS / "requirements.txt"], check=True)
    for name, flags in (("plain", ["-O3"]), ("plain_fast", ["-O3", "-march=native", "-ffast-math"])):
        subprocess.run(["g++", "-std=c++20", *flags, PEERS / "plain_loop.cpp", "-o", folder / name], check=True)
    return python


def peer_commands(python, folder, cores, size):
    """Name, command without its arguments, threads, and neuron-steps that take about two seconds."""
    yield "C++ loop, -O3, double", [folder / "plain", "double"], 1, 3e9
    yield "C++ loop, -O3, single", [folder / "plain", "single"], 1, 3e9
    yield "C++ loop, -march=native -ffast-math, single", [folder / "plain_fast", "single"], 1, 3e9
    yield "NumPy, single", [python, PEERS / "numpy_network.py"], 1, 1e9
    for threads in sorted({1, cores}):
        yield "Brian2, C++ standalone, single", [python, PEERS / "brian2_network.py"], threads, 2e9
        if size <= NEST_SIZE:
            yield "NEST, izhikevich neurons", [python, PEERS / "nest_network.py"], threads, 1e7


def run_peers(folder, cores, time_steps):
    python = install(folder)
    rows = []
    for size in SIZES:
        exact = next(row["operating_point"] for row in time_steps if row["size"] == size)
        for name, command, threads, work in peer_commands(python, folder, cores, size):
            steps = max(1000, round(work / size))
            simulator = "brian2" in str(command[-1]) or "nest" in str(command[-1])
            arguments = [size, steps, 1000, STEP] + ([threads] if simulator else [])
            # The best of several runs, as for Popshot, where a run does not take a minute to begin.
            runs = [words([*command, *arguments], cwd=folder) for _ in range(1 if simulator else 5)]
            numbers, failure = min(runs, key=lambda run: run[0][0] if run[1] is None else float("inf"))
            row = {"peer": name, "size": size, "threads": threads, "step": STEP}
            if failure is not None:
                row["failure"] = " ".join(failure)
            else:
                row |= {"rate": size * steps / numbers[0], "mean_rate": numbers[1], "error": numbers[1] / exact - 1}
            rows.append(row)
            print(row, flush=True)
    return rows


def accuracy_ratio(row, time_steps):
    """Popshot's speed in simulated time at the largest step whose error is no worse than the peer's, over the peer's speed."""
    ours = [one for one in time_steps if one["size"] == row["size"]
            and abs(one["mean_rate"] / one["operating_point"] - 1) <= abs(row["error"])]
    best = max(ours, key=lambda one: one["rate"] * one["step"])
    return best["rate"] * best["step"] / (row["rate"] * row["step"]), best["step"]


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + " --- |" * len(head),
                      *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])


def giga(rate):
    return f"{rate / 1e9:.3g}"


def together(result):
    """What two threads lose at N = 10^4 against half of what one takes."""
    if "2" not in result["sizes"]:
        return ""
    one, two = (next(row for row in result["sizes"][threads] if row["size"] == 10_000) for threads in "12")
    lost = one["size"] * (1 / two["rate"] - 0.5 / one["rate"])
    return (f" Two threads take {1e9 * lost:.0f} ns a step more than half of what one takes at N = 10^4, whose divisions last"
            f" {1e9 * two['size'] / two['division']:.0f} ns: a count of spikes has to travel from core to core before the next step.")


def targets(result):
    """What the engine set out to reach, and where this run is."""
    rows = []
    for threads, sizes in result["sizes"].items():
        for row in sizes:
            if 1e4 <= row["size"] <= 1e7:
                rows.append([f"share of the limit, N = {row['size']:.0e}, threads: {threads}", "90 %",
                             f"{100 * row['fraction_of_limit']:.0f} % ({100 * row['rate'] / row['division_and_bandwidth']:.0f} % of *both*)",
                             row["fraction_of_limit"] >= 0.9])
    for size, threads, goal in ((10_000, 1, 10), (100_000, 1, 10), (100_000, result["cores"], 20)):
        peers = [row for row in result.get("peers", []) if row["size"] == size and "rate" in row and row["threads"] in (1, threads)]
        if not peers or goal == 20 and threads < 2:
            continue
        fastest = max(peers, key=lambda row: row["rate"])
        here = next(row for row in result["sizes"][str(threads)] if row["size"] == size)
        ours = here["rate"]
        rows.append([f"times the fastest peer, N = {size:.0e}, threads: {threads} ({fastest['peer']}, threads: {fastest['threads']})",
                     f"{goal}", f"{ours / fastest['rate']:.1f} (divisions alone: {here['division'] / fastest['rate']:.1f})", ours >= goal * fastest["rate"]])
    return ("## Targets\n\nA program that divides once a neuron-step is at most as fast as the divisions alone; *both* is what they come to with the"
            " engine's traffic.\n\n") + table(["", "target", "measured", "reached"], [[*row[:3], "yes" if row[3] else "no"] for row in rows])


def write_page(result):
    cores = result["cores"]
    parts = [f"""# Benchmarks of the network engine

Written by `make bench-network`, which measures all of it in one run ({result['machine']}, {cores} cores, kernel {result['kernel_target']},
Popshot {result['version']}, GCC {result['compiler']}). Numbers in `benchmarks/results/network.json`. Figure 1's network (Klinshov & Kirillov 2022), time step {STEP}; speeds in 10^9 neuron-steps
per second, the best of several runs, with kicks and recording and without the set-up. The machine's limits, measured in turns with the
engine: *divisions*, of registers, one for each neuron-step (four or eight in flight, whichever is faster); *bandwidth*, of y += a over arrays of the same size with the engine's traffic and prefetches:
12 bytes a neuron-step below N = 2^18, and 8.5 above, where the engine makes the coefficients a of sixteen neighbouring quantiles out of
two numbers (theory.md (13b)); *two arrays*, the same with 12 bytes at any N, the limit of whoever keeps two numbers a neuron; *both*,
y = (y + a)/y with the engine's traffic. The limit is the lesser of divisions and bandwidth.

![speed against size](figures/network_benchmark.png)
"""]
    for threads, rows in result["sizes"].items():
        parts.append(f"## {threads} thread{'s' if threads != '1' else ''}\n\n" + table(
            ["N", "network", "divisions", "bandwidth", "two arrays", "both", "of the limit"],
            [[f"{row['size']:.0e}", giga(row["rate"]), giga(row["division"]), giga(row["bandwidth"]),
              giga(row["bandwidth_two_arrays"]), giga(row["division_and_bandwidth"]), f"{100 * row['fraction_of_limit']:.0f} %"] for row in rows]))
    meeting = ", ".join(f"{1e9 * seconds:.0f} ns for {threads} threads" for threads, seconds in result.get("meeting_seconds", {}).items())
    small = next(row for row in result["sizes"]["1"] if row["size"] == 10_000)
    rest = small["size"] / small["rate"] - small["size"] / min(small["division"], small["bandwidth"])
    parts.append(f"""A step ends when all spikes are counted. The threads meet for that in {meeting}; what a step takes beyond it and the arithmetic
(the latency of the last division and of the sum, the synaptic input, the record) is {1e9 * rest:.0f} ns at N = 10^4 on one
thread. Both are what limits small networks.{together(result)}
""")
    parts.append("## Instruction sets (N = 10^4, one thread)\n\nThe same bits on each.\n\n" + table(
        ["target", "network", "divisions"], [[row["target"], giga(row["rate"]), giga(row["division"])] for row in result["instruction_sets"]]))
    parts.append("## Features\n\n" + table(
        ["", "N", "threads", "network"],
        [[row["feature"], f"{row['size']:.0e}", row["threads"], giga(row["rate"])] for row in result["features"]]) + """

Where every projection has a delay of several steps, the engine carries a tile of neurons that fits into the nearest cache over the whole
delay before the next: neither bandwidth nor meetings limit it then.
""")
    scaling = result["scaling"]
    parts.append("## Threads\n\nStrong scaling; the last column is the engine's own choice, measured on the first steps of each run.\n\n" + table(
        ["N", *(f"{threads + 1} thread{'s' if threads else ''}" for threads in range(cores)), "as chosen"],
        [[f"{row['size']:.0e}", *map(giga, row["rates"]), giga(row["chosen"])] for row in scaling["strong"]])
        + "\n\nWeak scaling.\n\n" + table(
        ["neurons a thread", *(f"{threads + 1} thread{'s' if threads else ''}" for threads in range(cores))],
        [[f"{row['neurons_per_thread']:.0e}", *map(giga, row["rates"])] for row in scaling["weak"]])
        + """

Up to 10^4 neurons a thread, what limits the scaling is the end of a step (above); around 10^5 the divisions, of which every core has its own;
from 10^6 on the cache and memory that the cores share.

""" + """Independent trials (set-up included): side by side on the threads, and on each thread one network after the other or two at once, a step
of each in turns, so that the arithmetic of one fills the time in which the other waits for its spikes. `popshot compare` and `popshot
switching` run networks of up to 4000 neurons in pairs, larger ones one by one.

""" + table(
        ["N", "trials", *(f"{one['threads']} thread{'s' if one['threads'] > 1 else ''}{', pairs' if one['together'] > 1 else ''}"
                          for one in scaling["side_by_side"][0]["rates"])],
        [[f"{row['size']:.0e}", row["trials"], *(giga(one["rate"]) for one in row["rates"])] for row in scaling["side_by_side"]]))
    parts.append("## Accuracy\n\nPhase of free neurons in single precision after 10^7 steps against the closed form w t.\n\n" + table(
        ["eta", "turns", "turns off", "relative"],
        [[row["eta"], f"{row['turns']:.0f}", f"{row['turns_off']:.2f}", f"{row['turns_off'] / row['turns']:.0e}"] for row in result["drift"]])
        + """

The count of spikes resolves 1/16 of a turn. Two things make a neuron in single precision lag or lead: its coefficient a = 4 sin^2(w h/2)
is rounded to a relative 6e-8 (twice that on a line), which is a slightly other eta and shifts the rate by 3e-8 (6e-8) of itself at most; and each step rounds y by up to
6e-8 (of 1), at random, which moves the phase w t by at most 6e-8/(w h) a step, and by sqrt(n) times that in n steps. `tests/soak` holds
every neuron that it watches to six times this.

""" + "Mean rate of the network against the operating point of its sample and scheme, r_N; theory has a deviation of order 1/N (theory.md (27)-(31)).\n\n" + table(
        ["N", "relative deviation", "theory", "standard error"],
        [[f"{row['size']:.0e}", f"{row['relative_deviation']:.1e}", f"{row['theory']:.1e}", f"{row['relative_error']:.1e}"] for row in result["mean_rate"]])
        + "\n\nTime steps: error of the mean rate against r_N of continuous time, one thread.\n\n" + table(
        ["N", "step", "network", "error"],
        [[f"{row['size']:.0e}", row["step"], giga(row["rate"]), f"{row['mean_rate'] / row['operating_point'] - 1:.1e}"]
         for row in result["time_steps"]]))
    if "peers" in result:
        ours = {(size, threads): next(row["rate"] for row in result["sizes"][str(threads)] if row["size"] == size)
                for size in SIZES for threads in {1, cores}}
        rows = []
        for row in result["peers"]:
            head = [row["peer"], f"{row['size']:.0e}", row["threads"]]
            if "failure" in row:
                rows.append([*head, row["failure"], "", "", ""])
                continue
            ratio, step = accuracy_ratio(row, result["time_steps"])
            rows.append([*head, giga(row["rate"]), f"{100 * row['error']:.2f} %", f"{ours[row['size'], row['threads']] / row['rate']:.0f}",
                         f"{ratio:.0f} (step {step})"])
        parts.append("## Peers\n\nThe same network, step, kind of recording and number of threads, each program in the fastest honest way that it offers"
                     " (`benchmarks/peers`): all use Euler's method with a finite threshold. *Error*: of the mean rate against r_N. *Popshot is faster"
                     "*: at the same step. *At the same error*: in simulated time, with Popshot's largest measured step whose error is no"
                     " greater (one thread of Popshot).\n\n" + table(
            ["", "N", "threads", "neuron-steps", "error", "Popshot is faster", "at the same error"], rows))
    parts.append(targets(result))
    PAGE.write_text("\n\n".join(part.strip() for part in parts) + "\n")


def draw(result):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(result["sizes"]), figsize=(3.6 * len(result["sizes"]) + 2.4, 3.4), sharey=True, squeeze=False,
                                   layout="constrained")
    for axis, (threads, rows) in zip(axes[0], result["sizes"].items()):
        sizes = [row["size"] for row in rows]
        for key, label, style in (("division", "divisions", "--"), ("bandwidth", "bandwidth", ":"), ("rate", "Popshot", "o-")):
            axis.loglog(sizes, [row[key] for row in rows], style, label=label, color="C0" if key == "rate" else "0.4")
        for n, name in enumerate(dict.fromkeys(row["peer"] for row in result.get("peers", []))):
            points = [row for row in result["peers"] if row["peer"] == name and row["threads"] == int(threads) and "rate" in row]
            if points:
                axis.loglog([row["size"] for row in points], [row["rate"] for row in points], "s-", ms=4, label=name, color=f"C{n + 1}")
        axis.set_xlabel("neurons N")
        axis.set_title(f"{threads} thread{'s' if threads != '1' else ''}")
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("neuron-steps per second")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=7, loc="outside right center", frameon=False)
    FIGURE.parent.mkdir(exist_ok=True)
    figure.savefig(FIGURE, dpi=150)


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main():
    if "--page-only" not in sys.argv:
        RESULT.parent.mkdir(exist_ok=True)
        subprocess.run([sys.argv[1], RESULT], check=True)
        result = json.loads(RESULT.read_text())
        result["machine"] = processor()
        if "--no-peers" not in sys.argv:
            folder = ROOT / "build/peers"
            folder.mkdir(parents=True, exist_ok=True)
            result["peers"] = run_peers(folder, result["cores"], result["time_steps"])
        RESULT.write_text(json.dumps(result, indent=2) + "\n")
    result = json.loads(RESULT.read_text())
    write_page(result)
    draw(result)
    print(f"wrote {PAGE.relative_to(ROOT)}")


main()
