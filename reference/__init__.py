"""Right answers for the courses that the grader serves.

Each algorithm is one module with the same trio: `estep` (responsibilities, and the log-likelihood where there is one),
`mstep` (the new parameters) and `run` (both, to convergence). No algorithm imports another:

- `naive_em`, `em` (matrix completion), `semi_supervised_em`: mixtures of spherical Gaussians;
- `gmm_full`: full covariances; `gmm_1d`: the line; `categorical_em`: categories; `hard_em`: nearest means.

They share

- `mixture`: mixtures of spherical Gaussians, their densities and the maximum of their likelihood;
- `logspace`: responsibilities from logarithms, which do not underflow;
- `loop`: E, M, E, M ... until the log-likelihood stops rising, refusing one that falls;
- `init`: the course's seeded start; `criteria`: BIC and RMSE.

Notation of the course: `X` (n, d) data, `K` components, `mu` (K, d) means, `var` (K,) variances, `p` (K,) mixing
proportions, `post` (n, K) responsibilities, `ll` the log-likelihood in nats.
"""
