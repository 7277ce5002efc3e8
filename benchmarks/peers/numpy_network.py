"""The network in NumPy: Euler's method, whole arrays at a time, in place. Usage: numpy_network.py N STEPS WARMUP H"""

import sys
import time

import numpy as np

WEIGHT, PEAK, RATE = 10.0, 100.0, 1.0131


def main():
    n, steps, warmup, h = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    random = np.random.default_rng(1)
    j = np.arange(1, n + 1)
    drive = (h * np.tan(np.pi / 2 * (2 * j - n - 1) / (n + 1))).astype(np.float32)
    v = np.clip(np.pi * RATE * np.tan(np.pi * (random.random(n) - 0.5)), -PEAK, PEAK - 1).astype(np.float32)
    work = np.empty_like(v)
    hold = round(2 / (PEAK * h))
    # Who spiked how many steps ago: the held neurons are put back to the reset until their time is over.
    held = [np.empty(0, dtype=np.int64)] * max(hold, 1)
    kick, spikes, begin = h * WEIGHT * RATE, 0, 0.0
    for i in range(warmup + steps):
        if i == warmup:
            spikes, begin = 0, time.perf_counter()
        np.multiply(v, v, out=work)
        work *= np.float32(h)
        work += drive
        work += np.float32(kick)
        v += work
        if hold:
            for one in held:
                v[one] = -PEAK
        crossed = np.flatnonzero(v >= PEAK)
        v[crossed] = -PEAK
        held[i % len(held)] = crossed
        fired = len(held[(i - hold // 2) % len(held)])
        spikes += fired
        kick = WEIGHT * fired / n
    seconds = time.perf_counter() - begin
    print(seconds, spikes / (n * h * steps))


main()
