"""The page's pictures: python draw.py RESULTS.json FOLDER, in the peers' environment (Matplotlib lives there)."""

import json
import statistics
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "tracking", "svg.fonttype": "path", "font.size": 9})
from matplotlib import pyplot  # noqa: E402

GOSPA = "gospa_rms_per_sqrt_target"
LOOKS = {
    "ours": ("Skyaccord", "#d62728", "o"),
    "stock": ("Stone Soup, stock", "#7f7f7f", "v"),
    "expert": ("Stone Soup, expert", "#1f77b4", "s"),
    "retuned": ("Stone Soup, expert and re-tuned", "#2ca02c", "D"),
    "jpda": ("Stone Soup, expert, JPDA", "#9467bd", "^"),
}
ENDS = {
    "threshold": ("known association, below a threshold of existence", "#7f7f7f", "v"),
    "best": ("known association, the best rule by looks", "black", "s"),
    "edge": ("the same, told where the area ends", "#2ca02c", "D"),
    "ours": ("Skyaccord, what a number is worth swept", "#d62728", "o"),
}
NEVER_DATED = {"Date": None, "Creator": None}


def median(row: dict, key: str) -> float:
    return statistics.median(seed[key] for seed in row["seeds"].values())


def points(rows: dict) -> dict:
    """Per tracker: (number of targets, plots a CPU second, GOSPA over that of known association, GOSPA)."""
    out = {who: [] for who in LOOKS}
    for name, row in rows.items():
        out["ours"].append((int(name), median(row, "rate"), median(row, "ratio"), median(row, GOSPA)))
        for peer, runs in row["peers"].items():
            met = [run for run in runs if run.get(GOSPA)]
            if met:
                ratio = statistics.median(run[GOSPA] / run["known_" + GOSPA] for run in met)
                gospa = statistics.median(run[GOSPA] for run in met)
                out[peer].append((int(name), statistics.median(run["rate"] for run in met), ratio, gospa))
    return out


def accuracy_and_speed(rows: dict, path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(7.2, 4.2))
    for who, where in points(rows).items():
        if not where:
            continue
        label, colour, marker = LOOKS[who]
        axes.plot([p[1] for p in where], [p[2] for p in where], marker + "-", color=colour, label=label, lw=0.8)
        for n, rate, ratio, _ in where:
            axes.annotate(str(n), (rate, ratio), textcoords="offset points", xytext=(5, 4), fontsize=7, color=colour)
    axes.axhline(1.0, color="black", lw=0.8)
    beside = axes.get_yaxis_transform()
    axes.text(0.01, 1.0, "known association, IMM of four", transform=beside, va="bottom", fontsize=7)
    axes.axhline(1.1, color="black", lw=0.6, ls=":")
    axes.set_xscale("log")
    axes.set_xlabel("plots a CPU second, one core (number of targets beside each point)")
    axes.set_ylabel("GOSPA over that of known association")
    axes.legend(fontsize=7)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata=NEVER_DATED)
    pyplot.close(figure)


def accuracy(rows: dict, path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(7.2, 3.6))
    for who, where in points(rows).items():
        if where:
            label, colour, marker = LOOKS[who]
            axes.plot([p[0] for p in where], [p[3] for p in where], marker + "-", color=colour, label=label, lw=0.8)
    known = sorted((int(name), median(row, "known")) for name, row in rows.items())
    axes.plot(*zip(*known, strict=True), "k--", label="known association, IMM of four", lw=0.8)
    axes.set_xscale("log")
    axes.set_xticks([n for n, _ in known], [str(n) for n, _ in known])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("targets")
    axes.set_ylabel("GOSPA a root target, m")
    axes.legend(fontsize=7)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata=NEVER_DATED)
    pyplot.close(figure)


def ends(sizes: dict, path: Path) -> None:
    figure, all_axes = pyplot.subplots(1, len(sizes), figsize=(7.2, 3.4), sharex=True, sharey=True, squeeze=False)
    for axes, (targets, row) in zip(all_axes[0], sizes.items(), strict=True):
        for way, (label, colour, marker) in ENDS.items():
            means = [point["mean"] for point in row[way]]
            axes.plot(
                [m[0] for m in means], [m[3] for m in means], marker + "-", color=colour, label=label, lw=0.8, ms=3
            )
        axes.fill_between([0.0, 0.015], 0.0, 1.0, color="#1f77b4", alpha=0.2, lw=0, label="both bars hold")
        axes.axvline(0.015, color="black", lw=0.6, ls=":")
        axes.axhline(1.0, color="black", lw=0.6, ls=":")
        axes.set_title(f"{targets} targets", fontsize=9)
        axes.grid(alpha=0.3)
    axes = all_axes[0][0]
    axes.set_xlim(0.006, 0.0205)
    axes.set_ylim(0.0, 10.0)
    axes.set_xticks([0.01, 0.015, 0.02])
    axes.set_ylabel("number changes per 100 targets")
    all_axes[0][len(sizes) // 2].set_xlabel("spuriousness")
    figure.tight_layout(rect=(0, 0.14, 1, 1))
    figure.legend(*axes.get_legend_handles_labels(), loc="lower center", ncols=2, fontsize=7, frameon=False)
    figure.savefig(path, metadata=NEVER_DATED)
    pyplot.close(figure)


def main() -> None:
    results, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    rows = {key: row for key, row in results.get("traffic", {}).items() if key != "run"}
    if rows:
        accuracy_and_speed(rows, folder / "tracking-speed.svg")
        accuracy(rows, folder / "tracking-gospa.svg")
    sizes = {key: row for key, row in results.get("ends", {}).items() if key != "run"}
    if sizes:
        ends(sizes, folder / "tracking-ends.svg")


if __name__ == "__main__":
    main()
