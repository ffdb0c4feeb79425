from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import Axis, BlockStatistics, Choices, Estimand, Floats, Sign, View
from mamviz.stats.correlation import correlate_attributes, correlate_channels, dataset_maps
from mamviz.stats.maps import mask_sizes
from mamviz.stats.moments import adjusted_weights
from mamviz.stats.noise import draw_normals, noise_of_blocks
from mamviz.stats.nulls import correlate_maps, flip_blocks, null_correlations, null_pairs
from tests.core.stats.raw import Raw, fill, make_raw, many_names

PAIRS = np.triu_indices(5, k=1)
N_BLOCKS = 64


@pytest.fixture(scope="module")
def raw() -> Raw:
    """900 images whose masks depend on their labels, in 64 blocks."""
    return make_raw(3, n_images=900, n_channels=3, n_blocks=N_BLOCKS)


@pytest.fixture(scope="module")
def stats(raw: Raw) -> BlockStatistics:
    return fill(raw, n_blocks=N_BLOCKS)


def label_weights(labels: Floats, estimand: Estimand) -> Floats:
    """w_k(n) of adjusted maps or of contrasts, from the definitions."""
    if estimand == "adjusted":
        return adjusted_weights(labels).values
    with_it = labels.sum(axis=0)
    return np.asarray(labels / with_it - (1 - labels) / (len(labels) - with_it))


def shuffle(raw: Raw, estimand: Estimand, n_shuffles: int) -> Floats:
    """Maps (R, K, C, H, W) of labels whose rows were really shuffled."""
    rng = np.random.default_rng(1)
    weights = label_weights(raw.labels, estimand)
    orders = np.array([rng.permutation(len(weights)) for _ in range(n_shuffles)])
    cells = raw.mask.reshape(*raw.mask.shape[:2], -1)
    maps = np.stack([weights[orders, k] @ cells[:, k] for k in range(cells.shape[1])], axis=1)
    return np.asarray(maps.reshape(n_shuffles, *raw.mask.shape[1:]))


def choose(estimand: Estimand, sign: Sign, view: View) -> Choices:
    return Choices(map="mask", estimand=estimand, sign=sign, view=view)


def fisher(values: Floats) -> Floats:
    return np.asarray(np.arctanh(values[:, PAIRS[0], PAIRS[1]]))


@pytest.mark.parametrize("estimand", ["contrast", "adjusted"])
def test_noise_has_the_variance_of_maps_of_really_shuffled_labels(
    raw: Raw, stats: BlockStatistics, estimand: Estimand
) -> None:
    """Of each attribute, summed over 27 cells; 64 blocks leave a standard error of about 6 %."""
    expected = shuffle(raw, estimand, 400).var(axis=0).sum(axis=(1, 2, 3))
    noise = noise_of_blocks(stats, choose(estimand, "signed", "full"), generator=np.random.default_rng(0))
    got = (noise**2).sum(axis=(0, 2, 3, 4))
    np.testing.assert_allclose(got / expected, 1, atol=0.25)
    assert abs((got / expected).mean() - 1) < 0.1


@pytest.mark.parametrize("estimand", ["contrast", "adjusted"])
@pytest.mark.parametrize(("sign", "view"), [("signed", "full"), ("absolute", "spatial"), ("absolute", "full")])
def test_null_correlations_are_those_of_really_shuffled_labels(
    raw: Raw, stats: BlockStatistics, estimand: Estimand, sign: Sign, view: View
) -> None:
    """Mean of z to 0.12 (its sd is 0.2 to 0.4), sd to 25 %, over pairs to 8 %: from one data set's 64 blocks."""
    choices = choose(estimand, sign, view)
    real = fisher(correlate_maps(shuffle(raw, estimand, 400), choices, sizes=mask_sizes(stats, choices)))
    drawn = fisher(null_correlations(stats, choices, n_replicates=400, generator=np.random.default_rng(0)))
    np.testing.assert_allclose(drawn.mean(axis=0), real.mean(axis=0), atol=0.12)
    ratio = drawn.std(axis=0) / real.std(axis=0)
    np.testing.assert_allclose(ratio, 1, atol=0.25)
    assert abs(ratio.mean() - 1) < 0.08


def test_an_effect_all_attributes_share_is_in_the_table_and_not_in_the_null(raw: Raw) -> None:
    """Blocks whose part of the map is not taken off would make every r of the null nearly as large as the table's."""
    effect = np.random.default_rng(2).normal(size=raw.mask.shape[2:])
    loud = fill(replace(raw, mask=raw.mask + raw.labels[:, :, None, None, None] * effect), n_blocks=N_BLOCKS)
    choices = choose("adjusted", "signed", "full")
    assert correlate_attributes(loud, choices).values[PAIRS].min() > 0.8
    null = null_correlations(loud, choices, n_replicates=200, generator=np.random.default_rng(0))
    assert np.abs(np.tanh(fisher(null).mean(axis=0))).max() < 0.2


def test_blocks_add_up_to_no_map_and_without_images_add_nothing(stats: BlockStatistics) -> None:
    for estimand in ("contrast", "adjusted"):
        choices = choose(estimand, "signed", "full")
        noise = noise_of_blocks(stats, choices, generator=np.random.default_rng(0))
        assert np.abs(noise.sum(axis=0)).max() < 1e-9 * np.abs(dataset_maps(stats, choices)).max()
        empty = fill(make_raw(3, n_images=60, n_blocks=40), n_blocks=50)
        assert len(noise_of_blocks(empty, choices, generator=np.random.default_rng(0))) == (empty.count > 0).sum()


def test_what_is_taken_off_is_each_blocks_part_of_the_map_by_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the drawn part: D_b - A sum_b(w y), over the root of what is left of the variance."""
    monkeypatch.setattr("mamviz.stats.noise.draw_normals", lambda covariance, n_rows, **_: np.zeros((n_rows, 5)))
    raw = make_raw(5, n_images=300, n_blocks=20)
    stats = fill(raw, n_blocks=20)
    weights = label_weights(raw.labels, "adjusted")
    centred = raw.labels - raw.labels.mean(axis=0)
    found = dataset_maps(stats, choose("adjusted", "signed", "full"))
    noise = noise_of_blocks(stats, choose("adjusted", "signed", "full"), generator=np.random.default_rng(0))
    for k in range(5):
        squares = [sum(weights[n, k] ** 2 for n in np.flatnonzero(raw.blocks == b)) for b in range(20)]
        shares = [sum(weights[n, k] * centred[n, k] for n in np.flatnonzero(raw.blocks == b)) for b in range(20)]
        of_variance = [square / sum(squares) for square in squares]
        kept = 1 - sum(2 * s * v - s * s for s, v in zip(shares, of_variance, strict=True))
        for block in (0, 7, 19):
            rows = np.flatnonzero(raw.blocks == block)
            own = sum(weights[n, k] * (raw.mask[n, k] - raw.mask[:, k].mean(axis=0)) for n in rows)
            np.testing.assert_allclose(noise[block, k], (own - shares[block] * found[k]) / kept**0.5, atol=1e-10)


@pytest.mark.parametrize("estimand", ["contrast", "adjusted"])
def test_the_drawn_part_has_the_covariance_of_shuffled_weights(
    raw: Raw, stats: BlockStatistics, estimand: Estimand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """z_k, the sum over images of shuffled w_k times y_k, over 4,000 shuffles; to a tenth of the largest."""
    rng = np.random.default_rng(4)
    weights = label_weights(raw.labels, estimand)
    centred = raw.labels - raw.labels.mean(axis=0)
    z = np.array([(weights[rng.permutation(len(weights))] * centred).sum(axis=0) for _ in range(4000)])
    seen = []

    def watch(covariance: Floats, n_rows: int, *, generator: np.random.Generator) -> Floats:
        seen.append(covariance)
        return draw_normals(covariance, n_rows, generator=generator)

    monkeypatch.setattr("mamviz.stats.noise.draw_normals", watch)
    noise_of_blocks(stats, choose(estimand, "signed", "full"), generator=np.random.default_rng(0))
    expected = np.cov(z.T)
    np.testing.assert_allclose(seen[0], expected, atol=0.1 * np.abs(expected).max())


def test_drawn_rows_add_up_to_nothing_and_their_products_to_the_covariance() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(5, 5))
    covariance = root @ root.T
    rows = draw_normals(covariance, 20, generator=rng)
    np.testing.assert_allclose(rows.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(rows.T @ rows, covariance, atol=1e-10)
    few = np.mean([(r := draw_normals(covariance, 4, generator=rng)).T @ r for _ in range(4000)], axis=0)
    np.testing.assert_allclose(few, covariance, atol=0.1 * np.abs(covariance).max())
    singular = draw_normals(np.ones((3, 3)), 20, generator=rng)
    np.testing.assert_allclose(singular, singular[:, :1] * np.ones(3), atol=1e-7)


def test_an_equal_seed_gives_equal_nulls_and_pieces_do_not_matter(
    stats: BlockStatistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = Choices(map="mask")

    def draw() -> Floats:
        return null_correlations(stats, choices, n_replicates=30, generator=np.random.default_rng(0))

    first = draw()
    monkeypatch.setattr("mamviz.stats.nulls.CHUNK_CELLS", 500)
    np.testing.assert_allclose(draw(), first, atol=1e-12)
    np.testing.assert_allclose(first, first.swapaxes(1, 2), atol=1e-12)
    assert np.abs(first).max() <= 1


def test_summing_cells_before_signs_changes_no_signed_correlation(stats: BlockStatistics) -> None:
    choices = choose("adjusted", "signed", "spatial")
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(20, N_BLOCKS))
    summed, whole = (
        noise_of_blocks(stats, choices, generator=np.random.default_rng(0), axis=axis) for axis in ("attribute", None)
    )
    assert summed.shape[2] == 1 < whole.shape[2]
    sizes = mask_sizes(stats, choices)
    found = flip_blocks(summed, signs, choices, sizes=sizes)
    np.testing.assert_allclose(found, flip_blocks(whole, signs, choices, sizes=sizes), atol=1e-10)
    maps = np.einsum("rb,bkchw->rkchw", signs, whole)
    np.testing.assert_allclose(found, correlate_maps(maps, choices, sizes=sizes), atol=1e-10)


def test_the_null_is_wider_than_what_signs_alone_give(stats: BlockStatistics) -> None:
    """By what 64 blocks leave open: some percent, on average over pairs."""
    choices = choose("adjusted", "signed", "full")
    drawn = fisher(null_correlations(stats, choices, n_replicates=2000, generator=np.random.default_rng(0)))
    noise = noise_of_blocks(stats, choices, generator=np.random.default_rng(0))
    signs = np.random.default_rng(1).choice([-1.0, 1.0], size=(2000, len(noise)))
    plain = fisher(flip_blocks(noise, signs, choices, sizes=mask_sizes(stats, choices)))
    assert 1.005 < (drawn.std(axis=0) / plain.std(axis=0)).mean() < 1.15


@pytest.mark.parametrize("centring", ["none", "common"])
@pytest.mark.parametrize("sign", ["signed", "absolute"])
@pytest.mark.parametrize("view", ["full", "channel", "spatial"])
def test_maps_made_elsewhere_correlate_as_the_statistics_own(
    stats: BlockStatistics, sign: Sign, view: View, centring: str
) -> None:
    choices = Choices(map="evidence", estimand="contrast", sign=sign, view=view, centring=centring)  # type: ignore[arg-type]
    maps = dataset_maps(stats, choose_signed(choices))[None]
    sizes = mask_sizes(stats, choices)
    for axis, correlate in (("attribute", correlate_attributes), ("channel", correlate_channels)):
        got = correlate_maps(maps, choices, sizes=sizes, axis=axis)[0]  # type: ignore[arg-type]
        np.testing.assert_allclose(got, correlate(stats, choices).values, atol=1e-10)


def choose_signed(choices: Choices) -> Choices:
    return replace(choices, sign="signed")


def with_label(raw: Raw, column: int, values: npt.ArrayLike) -> BlockStatistics:
    labels = raw.labels.copy()
    labels[:, column] = values
    return fill(replace(raw, labels=labels), n_blocks=N_BLOCKS)


@pytest.mark.parametrize("estimand", ["contrast", "adjusted"])
@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_a_constant_label_has_no_null(raw: Raw, estimand: Estimand, constant: float) -> None:
    gone = with_label(raw, 1, constant)
    values = null_correlations(
        gone, choose(estimand, "absolute", "spatial"), n_replicates=5, generator=np.random.default_rng(0)
    )
    assert np.isnan(values[:, 1]).all()
    assert np.isnan(values[:, :, 1]).all()
    assert np.isfinite(np.delete(np.delete(values, 1, axis=1), 1, axis=2)).all()
    between = null_correlations(
        gone,
        choose(estimand, "absolute", "spatial"),
        n_replicates=5,
        generator=np.random.default_rng(0),
        axis="channel",
    )
    assert np.isfinite(between).all()


@pytest.mark.parametrize("estimand", ["contrast", "adjusted"])
def test_an_attribute_without_a_partner_is_still_like_itself(raw: Raw, estimand: Estimand) -> None:
    alone = np.zeros_like(raw.labels)
    alone[:, 2] = raw.labels[:, 2]
    stats, choices = fill(replace(raw, labels=alone), n_blocks=N_BLOCKS), choose(estimand, "signed", "full")
    values = null_correlations(stats, choices, n_replicates=5, generator=np.random.default_rng(0))
    expected = np.full((5, 5, 5), np.nan)
    expected[:, 2, 2] = 1.0
    np.testing.assert_array_equal(values, expected)


def test_channels_whose_maps_are_constant_are_not_like_themselves(raw: Raw) -> None:
    dead = replace(raw, mask=raw.mask * np.array([1.0, 0, 0])[:, None, None])
    stats, choices = fill(dead, n_blocks=N_BLOCKS), choose("contrast", "signed", "full")
    values = null_correlations(stats, choices, n_replicates=5, generator=np.random.default_rng(0), axis="channel")
    expected = np.full((5, 3, 3), np.nan)
    expected[:, 0, 0] = 1.0
    np.testing.assert_array_equal(values, expected)


def test_a_label_whose_cases_are_all_in_one_block_has_no_null(raw: Raw) -> None:
    alone = with_label(raw, 2, raw.blocks == 9)
    values = null_correlations(
        alone, choose("contrast", "signed", "full"), n_replicates=5, generator=np.random.default_rng(0)
    )
    assert np.isnan(values[:, 2]).all()
    assert np.isfinite(values[:, 0, 1]).all()


def test_collinear_labels_still_have_a_null(raw: Raw) -> None:
    twice = with_label(raw, 4, raw.labels[:, 3])
    values = null_correlations(
        twice, choose("adjusted", "signed", "full"), n_replicates=50, generator=np.random.default_rng(0)
    )
    assert np.isfinite(values).all()


@pytest.mark.parametrize("estimand", ["mean", "image", "across"])
def test_estimands_without_labels_are_refused_with_what_to_use(stats: BlockStatistics, estimand: Estimand) -> None:
    with pytest.raises(StatisticsError, match="mamviz sanity"):
        null_correlations(stats, choose(estimand, "signed", "full"), generator=np.random.default_rng(0))


def test_few_blocks_are_refused(raw: Raw) -> None:
    few = fill(replace(raw, blocks=raw.blocks % 9), n_blocks=N_BLOCKS)
    with pytest.raises(StatisticsError, match="10 blocks"):
        null_correlations(few, Choices(map="mask"), generator=np.random.default_rng(0))


@pytest.mark.parametrize("axis", ["attribute", "channel"])
@pytest.mark.parametrize(("sign", "view"), [("signed", "full"), ("absolute", "spatial")])
def test_pairs_by_themselves_are_those_of_the_tables(
    raw: Raw, axis: Axis, sign: Sign, view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    stats, choices = with_label(raw, 1, 0.0), choose("contrast", sign, view)
    noise = noise_of_blocks(stats, choices, generator=np.random.default_rng(0), axis=axis)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(20, len(noise)))
    sizes = mask_sizes(stats, choices)
    tables = flip_blocks(noise, signs, choices, sizes=sizes, axis=axis)
    upper = np.triu_indices(tables.shape[1], k=1)
    for most in (0.05, 1.0):  # taken from tables, and each by itself
        monkeypatch.setattr("mamviz.stats.nulls.FEW_PAIRS", most)
        found = flip_blocks(noise, signs, choices, sizes=sizes, axis=axis, pairs=upper)
        np.testing.assert_allclose(found, tables[:, *upper], atol=1e-12)
    drawn = {"n_replicates": 100, "axis": axis}
    pairs = null_pairs(stats, choices, generator=np.random.default_rng(0), **drawn)  # type: ignore[arg-type]
    whole = null_correlations(stats, choices, generator=np.random.default_rng(0), **drawn)  # type: ignore[arg-type]
    np.testing.assert_array_equal(pairs, whole[:, *upper])


def test_a_table_of_three_hundred_names_has_the_null_of_smaller_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    stats, choices = many_names(300), Choices()

    def draw() -> Floats:
        return null_pairs(stats, choices, n_replicates=30, generator=np.random.default_rng(0))

    at_once = draw()
    assert at_once.shape == (30, 300 * 299 // 2)
    monkeypatch.setattr("mamviz.stats.nulls.CHUNK_CELLS", 2**17)
    np.testing.assert_allclose(draw(), at_once, atol=1e-11)
