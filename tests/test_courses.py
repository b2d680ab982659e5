"""Every figure that the courses publish is the wanted value of a case, or the answer to a question.

Where a course's own data may not be shipped, it takes the place of ours in a copy of the assignment.
"""

import json
import shutil

import numpy as np
import pytest

from grader import assignment
from grader.components import lookup
from grader.prepare import prepare
from reference.criteria import rmse
from tests.conftest import COURSE_DATA, ROOT, write
from tests.test_assignments import FOLDERS, SPECS, grade

SUBSTITUTES = {
    "naive_em": {"toy.txt": "toy_data.txt"},
    "matrix_completion": {
        "incomplete.txt": "test_incomplete.txt", "complete.txt": "test_complete.txt", "ratings.npz": "netflix.npz"},
}  # fmt: skip
"""Our data files, and the course's."""


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Return the prepared calls of an assignment, on the course's data where there is some."""
    found = {}

    def plan(name):
        if name in SUBSTITUTES and not COURSE_DATA.is_dir():
            pytest.skip("the course's data is not ours to ship, and not on this machine")
        if name not in found:
            folder = tmp_path_factory.mktemp("courses") / name
            shutil.copytree(FOLDERS[name], folder, ignore=shutil.ignore_patterns("samples"))
            for ours, theirs in SUBSTITUTES.get(name, {}).items():
                shutil.copyfile(COURSE_DATA / theirs, folder / "data" / ours)
            found[name] = prepare(assignment.load(folder))
        return found[name]

    return plan


def wanted(plan, function, case, path):
    """Return the wanted value of a case, or of a part of it."""
    (call,) = [call for call in plan.calls[function] if call.name == case]
    return lookup(call.want, path, plan.assignment.spec.functions[function].returns)


FIVE = "the handout's five points"
FIGURES = [
    ("naive_em", "estep", "toy data, K = 1, seed 0", "ll", -1573.2228, 4),
    ("naive_em", "estep", "toy data, K = 2, seed 0", "ll", -1383.6736, 4),
    ("naive_em", "estep", "the handout's check, K = 3, seed 0, toy data", "ll", -1388.0818, 4),
    ("naive_em", "estep", "toy data, K = 4, seed 0", "ll", -1378.0461, 4),
    ("naive_em", "run", "to convergence on the toy data, K = 1, seed 0", "ll", -1307.2234, 4),
    ("naive_em", "run", "to convergence on the toy data, K = 2, seed 0", "ll", -1175.7147, 4),
    ("naive_em", "run", "to convergence on the toy data, K = 3, seed 0", "ll", -1138.8909, 4),
    ("naive_em", "run", "to convergence on the toy data, K = 4, seed 0", "ll", -1138.6979, 4),
    ("matrix_completion", "estep", "the handout's check, K = 4, seed 0, incomplete.txt", "ll", -152.16319226209848, 10),
    ("matrix_completion", "mstep", "after the handout's check, K = 4, seed 0, incomplete.txt", "mixture.p",
     [0.13810266, 0.17175435, 0.46575794, 0.22438505], 8),
    ("matrix_completion", "run", "to convergence on incomplete.txt, K = 4, seed 0", "ll", -84.98451993042474, 10),
    ("matrix_completion", "run", "to convergence on incomplete.txt, K = 4, seed 0", "mixture.var",
     [0.25, 0.25, 0.44961685, 0.27930039], 8),
    ("matrix_completion", "run", "to convergence on ratings.npz, K = 1, seed 0", "ll", -1521060.9539852473, 6),
    ("matrix_completion", "run", "to convergence on ratings.npz, K = 12, seed 1", "ll", -1390234.4223469, 6),
    ("em_lab", "estep", f"{FIVE}, with the log-likelihood -24.512532", "ll", -24.512532330086675, 12),
    ("em_lab", "mstep", f"{FIVE}, after the first E-step", "theta", [0.3630, 5.1317, 0.7846, 1.4710, 2.6395], 4),
    ("em_lab", "run", f"{FIVE}, with the variances 2/3 and 1/4", "theta", [0.6, 5, 0.6667**0.5, -0.5, 0.25**0.5], 4),
]  # fmt: skip


@pytest.mark.parametrize(("name", "function", "case", "path", "figure", "decimals"), FIGURES)
def test_a_published_figure_is_the_wanted_value_of_a_case(name, function, case, path, figure, decimals, plans):
    np.testing.assert_allclose(wanted(plans(name), function, case, path), figure, rtol=0, atol=0.5001 * 10.0**-decimals)


@pytest.mark.parametrize(
    ("case", "file", "figure"),
    [
        ("incomplete.txt after a run, K = 4, seed 0", "complete.txt", 0.3152301205749675),
        ("ratings.npz after a run, K = 12, seed 1", "ratings.npz", 0.48049085),
    ],
)
def test_what_is_filled_in_is_as_near_to_the_truth_as_published(case, file, figure, plans):
    plan = plans("matrix_completion")
    path = plan.assignment.folder / "data" / file
    complete = np.load(path)["complete"] if file.endswith(".npz") else np.loadtxt(path)
    assert rmse(wanted(plan, "fill_matrix", case, "X_filled"), complete) == pytest.approx(figure, abs=5e-9)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("naive_em", "right_loops", "wrong_stops_early"),
     ("matrix_completion", "right_matrix_products", "wrong_zeros_in_means")],
)  # fmt: skip
def test_samples_are_told_apart_on_the_courses_own_data(name, right, wrong, plans):
    folder = plans(name).assignment.folder
    full, less = (grade(FOLDERS[name] / "samples" / sample, folder=folder)[sample].score for sample in (right, wrong))
    assert (full, less < full) == (len(SPECS[name].functions), True)


def test_the_tissues_are_three_with_one_for_each_of_600_points(plans):
    R = wanted(plans("mri_em"), "estep", "Image1.csv, with the means of init(X, 3, 0)", "R")
    assert R.shape == (3, 600)
    np.testing.assert_array_equal(R.sum(axis=0), np.ones(600))
    assert set(R.ravel()) == {0, 1}


HOMEWORK = {
    "loglik": ("number", 1, 3, "-24.5"),
    "posterior": ("formula", 1, 3, "(pi_k*N_k)/(pi_1*N_1+pi_2*N_2)"),
    "weights": ("choice", 5, 3, "2 2 2 1 1"),
    "mstep_mu": ("formula", 1, 3, "(gamma_k1*x_1+gamma_k2*x_2)/(gamma_k1+gamma_k2)"),
    "mstep_sigma2": ("formula", 1, 3, "(gamma_k1*(x_1-hatmu_k)^2+gamma_k2*(x_2-hatmu_k)^2)/(gamma_k1+gamma_k2)"),
    "mstep_pi": ("formula", 1, 3, "(gamma_k1+gamma_k2)/2"),
    "shift": ("choice", 1, 1, "2"),
    "spread": ("choice", 1, 1, "2"),
    "converged": ("choice", 1, 1, "sigma_1^2"),
}
"""By the name of the item: its kind, its points, the attempts that are allowed, and the course's answer."""
QUESTIONS = {
    "likelihood": "it increases", "pi_0": "it increases", "em_pi_1": ".6", "em_pi_2": ".4", "em_mu_1": "29",
    "em_mu_2": "14", "r_1": "2/3", "r_2": "33/52", "r_3": "5/17", "two_gaussians": "(d)", "em_true": "A and B",
}  # fmt: skip
EXACT = {"r_1": ".6667", "r_2": ".6360", "r_3": ".3085"}


def items(name, answers, folder):
    """Return the results of answers that were handed in as JSON, by the item's name."""
    write(folder, {"ann/answers.json": json.dumps(answers)})
    return {item.name: item for item in grade(folder / "ann", folder=FOLDERS[name])["ann"].items}


def test_the_homework_is_graded_as_the_course_graded_it(tmp_path):
    got = items("homework_em", {name: answer for name, (*_, answer) in HOMEWORK.items()}, tmp_path)
    assert {name: (item.kind, item.max_score, item.attempts.allowed) for name, item in got.items()} == {
        name: (kind, points, attempts) for name, (kind, points, attempts, _) in HOMEWORK.items()}  # fmt: skip
    assert {name: (item.status, item.score) for name, item in got.items()} == {
        name: ("passed", points) for name, (_, points, *_) in HOMEWORK.items()}  # fmt: skip
    assert [case.max_score for case in got["weights"].cases] == [1] * 5
    assert all(item.attempts.used == 1 and item.explanation for item in got.values())


@pytest.mark.parametrize(
    ("answer", "status"),
    [("-24.5", "passed"), ("-24.51", "passed"), ("-24.512532", "passed"), ("-24.512532330086675", "passed"),
     ("-24.6", "failed"), ("-24", "failed"), ("24.5", "failed"), ("-24,5", "error"), ("-24.5 nats", "error")],
)  # fmt: skip
def test_the_log_likelihood_is_right_to_the_nearest_tenth(answer, status, tmp_path):
    assert items("homework_em", {"loglik": answer}, tmp_path)["loglik"].status == status


@pytest.mark.parametrize("answers", [QUESTIONS, EXACT], ids=["as the sheet has them", "exact"])
def test_the_questions_are_graded_as_the_sheet_answers_them(answers, tmp_path):
    got = items("gmm_questions", answers, tmp_path)
    assert {name: got[name].status for name in answers} == dict.fromkeys(answers, "passed")


def test_no_course_data_is_shipped():
    """It is not ours: what lies in `data` was made by the script beside it."""
    if not COURSE_DATA.is_dir():
        pytest.skip("the course's data is not on this machine, so nothing can be compared with it")
    theirs = {path.read_bytes() for path in COURSE_DATA.iterdir() if path.is_file()}
    assert [path for path in ROOT.glob("assignments/**/*") if path.is_file() and path.read_bytes() in theirs] == []
