"""Right answers for the courses that the grader serves.

Each algorithm is one module with the same trio: `estep` (responsibilities and log-likelihood), `mstep` (the new
parameters) and `run` (both, to convergence). No algorithm imports another; they share only

- `mixture`: the parameters of a mixture of spherical Gaussians, and squared distances to its means;
- `logspace`: sums of exponentials that do not underflow;
- `loop`: E, M, E, M ... until the log-likelihood stops rising, refusing one that falls;
- `init`: the course's seeded start; `criteria`: BIC and RMSE.

Notation of the course: `X` (n, d) data, `K` components, `mu` (K, d) means, `var` (K,) variances, `p` (K,) mixing
proportions, `post` (n, K) responsibilities, `ll` the log-likelihood in nats.
"""
