def converged(history, tolerance=1e-6):
    return len(history) > 1 and history[-1] - history[-2] <= tolerance * abs(history[-1])
