from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr

from mamviz.errors import StatisticsError
from mamviz.schema import (
    CENTRINGS,
    MAPS,
    VIEWS,
    BlockStatistics,
    BlockSums,
    Centring,
    Choices,
    Correlation,
    Estimand,
    Floats,
    Sign,
    View,
)
from mamviz.stats.correlation import correlate_attributes, correlate_channels, dataset_maps
from mamviz.stats.moments import select_blocks
from tests.core.stats.raw import ATTRIBUTES, Raw, fill, make_raw, pearson, seen

MAP_ESTIMANDS: tuple[Estimand, ...] = ("mean", "contrast", "adjusted")
SIGNS: tuple[Sign, ...] = ("signed", "absolute")
SIGNED = [
    Choices(map=m, sign="signed", estimand=e, view=v, centring=c)
    for m, e, v, c in product(MAPS, (*MAP_ESTIMANDS, "image", "across"), VIEWS, CENTRINGS)
]
OF_MAPS = [
    Choices(map=m, sign=s, estimand=e, view=v, centring=c)
    for m, s, e, v, c in product(MAPS, SIGNS, MAP_ESTIMANDS, VIEWS, CENTRINGS)
]
OF_CHANNELS = [*OF_MAPS, *(each for each in SIGNED if each.estimand == "across" and each.view == "full")]
SEEDS = st.integers(0, 2**32 - 1)


def name_choices(choices: Choices) -> str:
    return f"{choices.map}-{choices.sign}-{choices.estimand}-{choices.view}-{choices.centring}"


def slow_maps(raw: Raw, choices: Choices) -> Floats:
    """Data-set maps, one attribute at a time, from raw masks."""
    maps, rows = raw.maps(choices.map), []
    for k in range(maps.shape[1]):
        has = raw.labels[:, k] == 1
        if choices.estimand == "mean":
            rows.append(maps[:, k].mean(axis=0))
        elif choices.estimand == "contrast":
            rows.append(maps[has, k].mean(axis=0) - maps[~has, k].mean(axis=0))
        else:
            design = np.column_stack([np.ones(len(maps)), raw.labels])
            coefficients = np.linalg.lstsq(design, maps[:, k].reshape(len(maps), -1), rcond=None)[0]
            rows.append(coefficients[1 + k].reshape(maps.shape[2:]))
    result = np.array(rows)
    return np.abs(result) if choices.sign == "absolute" else result


def slow_rows(maps: Floats, view: View, centring: Centring) -> Floats:
    """(..., n, cells) of maps (..., n, other, height, width)."""
    rows = seen(maps, view)
    return rows - rows.mean(axis=-2, keepdims=True) if centring == "common" else rows


def slow_pair(raw: Raw, choices: Choices, pair: tuple[int, int], *, channels: bool = False) -> float:
    """One correlation from the formula, with loops."""
    first, second = pair
    if choices.estimand in MAP_ESTIMANDS:
        maps = slow_maps(raw, choices)
        rows = slow_rows(maps.swapaxes(0, 1) if channels else maps, choices.view, choices.centring)
        return pearson(rows[first], rows[second])
    maps = raw.maps(choices.map)
    images = slow_rows(maps.swapaxes(1, 2) if channels else maps, choices.view, choices.centring)
    if choices.estimand == "image":
        r = [pearsonr(image[first], image[second]).statistic for image in images]
        return float(np.tanh(np.mean(np.arctanh(r))))
    xy = xx = yy = 0.0
    for cell in range(images.shape[2]):
        x, y = images[:, first, cell], images[:, second, cell]
        xy += float(np.cov(x, y)[0, 1])
        xx += float(np.var(x, ddof=1))
        yy += float(np.var(y, ddof=1))
    return float(xy / np.sqrt(xx * yy))


@pytest.fixture(scope="module")
def raw() -> Raw:
    return make_raw(0)


@pytest.fixture(scope="module")
def stats(raw: Raw) -> BlockStatistics:
    return fill(raw)


@pytest.mark.parametrize("choices", [*SIGNED, *(c for c in OF_MAPS if c.sign == "absolute")], ids=name_choices)
def test_attributes_agree_with_a_slow_loop(raw: Raw, stats: BlockStatistics, choices: Choices) -> None:
    """1e-9: the pooled covariance is a difference of sums a hundred times its size."""
    result = correlate_attributes(stats, choices)
    for pair in ((0, 1), (4, 2)):
        assert result.values[pair] == pytest.approx(slow_pair(raw, choices, pair), abs=1e-9)


@pytest.mark.parametrize("choices", OF_CHANNELS, ids=name_choices)
def test_channels_agree_with_a_slow_loop(raw: Raw, stats: BlockStatistics, choices: Choices) -> None:
    result = correlate_channels(stats, choices)
    assert result.axis == "channel"
    assert result.names == ("0", "1", "2", "3")
    for pair in ((0, 1), (3, 2)):
        assert result.values[pair] == pytest.approx(slow_pair(raw, choices, pair, channels=True), abs=1e-9)


@pytest.mark.parametrize("choices", [c for c in OF_MAPS if c.centring == "none"], ids=name_choices)
def test_maps_agree_with_numpy_corrcoef(raw: Raw, stats: BlockStatistics, choices: Choices) -> None:
    expected = np.corrcoef(seen(slow_maps(raw, choices), choices.view))
    np.testing.assert_allclose(correlate_attributes(stats, choices).values, expected, atol=1e-10)


@pytest.mark.parametrize("choices", OF_MAPS, ids=name_choices)
def test_maps_are_those_of_raw_masks(raw: Raw, stats: BlockStatistics, choices: Choices) -> None:
    np.testing.assert_allclose(dataset_maps(stats, choices), slow_maps(raw, choices), atol=1e-10)


def assert_lawful(result: Correlation) -> None:
    values = result.values
    np.testing.assert_array_equal(values, values.T)
    np.testing.assert_array_equal(np.diag(values), 1.0)
    assert np.abs(values).max() <= 1.0


@given(seed=SEEDS, choices=st.sampled_from(SIGNED + OF_MAPS))
@settings(max_examples=40, deadline=None)
def test_values_are_exactly_symmetric_with_ones_on_the_diagonal(seed: int, choices: Choices) -> None:
    assert_lawful(correlate_attributes(fill(make_raw(seed)), choices))


@given(seed=SEEDS, choices=st.sampled_from(OF_CHANNELS))
@settings(max_examples=40, deadline=None)
def test_values_of_channels_are_exactly_symmetric(seed: int, choices: Choices) -> None:
    assert_lawful(correlate_channels(fill(make_raw(seed)), choices))


@given(seed=SEEDS, choices=st.sampled_from(SIGNED + OF_MAPS))
@settings(max_examples=40, deadline=None)
def test_the_order_of_images_changes_nothing(seed: int, choices: Choices) -> None:
    raw = make_raw(seed)
    order = np.random.default_rng(seed).permutation(len(raw.labels)).tolist()
    shuffled = replace(raw.reordered(order), blocks=raw.blocks)  # the images change their blocks too
    first, second = (correlate_attributes(fill(each), choices).values for each in (raw, shuffled))
    np.testing.assert_allclose(first, second, atol=1e-9)


@given(seed=SEEDS, factor=st.floats(0.01, 100), choices=st.sampled_from([c for c in SIGNED if c.centring == "none"]))
@settings(max_examples=40, deadline=None)
def test_a_mask_times_a_positive_factor_changes_no_correlation(seed: int, factor: float, choices: Choices) -> None:
    """Without common centring: that takes off a mean which the scaled map is part of."""
    raw = make_raw(seed)
    scale = np.ones((1, 5, 1, 1, 1))
    scale[0, 3] = factor
    first, second = (
        correlate_attributes(fill(each), choices).values for each in (raw, replace(raw, mask=raw.mask * scale))
    )
    np.testing.assert_allclose(first, second, atol=1e-9)


@given(seed=SEEDS, factor=st.floats(0.01, 100), choices=st.sampled_from(SIGNED))
@settings(max_examples=40, deadline=None)
def test_all_masks_times_a_positive_factor_change_no_correlation(seed: int, factor: float, choices: Choices) -> None:
    raw = make_raw(seed)
    first, second = (
        correlate_attributes(fill(each), choices).values for each in (raw, replace(raw, mask=raw.mask * factor))
    )
    np.testing.assert_allclose(first, second, atol=1e-9)


def test_common_centring_removes_what_all_masks_share(raw: Raw) -> None:
    shape = np.random.default_rng(3).normal(size=raw.mask.shape[2:])
    shared = replace(raw, mask=raw.mask + 20 * shape)
    plain = Choices(map="mask", sign="signed", estimand="mean", view="full")
    assert correlate_attributes(fill(shared), plain).values.min() > 0.99
    common = replace(plain, centring="common")
    expected = correlate_attributes(fill(raw), common).values
    np.testing.assert_allclose(correlate_attributes(fill(shared), common).values, expected, atol=1e-9)


@pytest.mark.parametrize("choices", [c for c in SIGNED if c.centring == "none" and c.map == "mask"], ids=name_choices)
def test_a_constant_mask_is_undefined_and_named(choices: Choices) -> None:
    raw = make_raw(1)
    raw.mask[:, 2] = 0.3
    result = correlate_attributes(fill(raw), choices)
    assert result.undefined == ("Goatee",)
    assert np.isnan(result.values[2]).all()
    assert np.isnan(result.values[:, 2]).all()
    others = [0, 1, 3, 4]
    assert np.isfinite(result.values[np.ix_(others, others)]).all()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("estimand", ["mean", "across"])
def test_a_mask_equal_to_the_common_part_is_constant_beside_much_larger_ones(estimand: Estimand, seed: int) -> None:
    """What is left of it is the rounding of the others, 10,000 times its size; its variance may be below zero."""
    raw = make_raw(seed)
    small, large = raw.mask[:, 2], 1e4 * raw.mask
    for first, second in ((0, 1), (3, 4)):
        raw.mask[:, first], raw.mask[:, second] = large[:, first], 2 * small - large[:, first]
    choices = Choices(map="mask", sign="signed", estimand=estimand, view="full", centring="common")
    stats = to_single(fill(raw)) if estimand == "mean" else fill(raw)
    assert correlate_attributes(stats, choices).undefined == ("Goatee",)


def to_single(stats: BlockStatistics) -> BlockStatistics:
    """Keep maps in float32, as the mask file does."""

    def rounded(sums: BlockSums) -> BlockSums:
        maps = {kind: getattr(sums, kind).astype(np.float32) for kind in ("total", "positive", "adjusted")}
        return replace(sums, **maps)

    return replace(stats, mask=rounded(stats.mask), evidence=rounded(stats.evidence))


@pytest.mark.parametrize("centring", CENTRINGS)
@pytest.mark.parametrize("estimand", [*MAP_ESTIMANDS, "across"])
@pytest.mark.parametrize("view", VIEWS)
def test_masks_that_never_moved_are_constant_in_float32_too(estimand: Estimand, view: View, centring: Centring) -> None:
    raw = make_raw(2)
    raw.mask[:] = 0.3
    choices = Choices(map="mask", sign="signed", estimand=estimand, view=view, centring=centring)
    result = correlate_attributes(to_single(fill(raw)), choices)
    assert result.undefined == ATTRIBUTES
    assert np.isnan(result.values).all()


@pytest.mark.parametrize("choices", [c for c in SIGNED if c.estimand != "image"], ids=name_choices)
def test_sums_in_float32_give_the_same_correlations(stats: BlockStatistics, choices: Choices) -> None:
    """1e-4: float32 keeps seven digits, and a covariance may be a hundredth of what it is cut from."""
    expected = correlate_attributes(stats, choices).values
    np.testing.assert_allclose(correlate_attributes(to_single(stats), choices).values, expected, atol=1e-4)


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("estimand", ["contrast", "adjusted"])
def test_an_attribute_without_both_labels_has_no_contrast(estimand: Estimand, label: float) -> None:
    raw = make_raw(3)
    raw.labels[:, 1] = label
    choices = Choices(map="mask", sign="absolute", estimand=estimand, view="full", centring="common")
    stats = fill(raw)
    assert np.isnan(dataset_maps(stats, choices)[1]).all()
    result = correlate_attributes(stats, choices)
    assert result.undefined == ("Bangs",)
    assert np.isfinite(result.values[0, 2:]).all()
    channels = correlate_channels(stats, choices)
    assert channels.undefined == ()
    others = [0, 2, 3, 4]
    rows = dataset_maps(stats, choices)[others].swapaxes(0, 1).reshape(4, -1)
    np.testing.assert_allclose(channels.values, np.corrcoef(rows - rows.mean(axis=0)), atol=1e-10)


def test_a_label_that_is_constant_in_the_chosen_blocks_has_no_adjusted_map() -> None:
    raw = make_raw(4)
    raw.labels[raw.blocks == 2, 0] = 0
    choices = Choices(map="mask", sign="signed", estimand="adjusted")
    assert np.isfinite(dataset_maps(fill(raw), choices)).all()
    assert np.isnan(dataset_maps(select_blocks(fill(raw), [2]), choices)[0]).all()


def test_adjusted_maps_of_chosen_blocks_do_not_move_with_the_level_of_the_masks() -> None:
    raw = make_raw(9)
    raised = replace(raw, mask=raw.mask + 5.0)
    choices = Choices(map="mask", sign="signed", estimand="adjusted")
    maps = [dataset_maps(select_blocks(fill(each), [0, 1, 3]), choices) for each in (raw, raised)]
    np.testing.assert_allclose(maps[0], maps[1], atol=1e-10)


def test_without_any_label_that_changes_nothing_is_defined() -> None:
    raw = make_raw(5)
    raw.labels[:] = 0
    choices = Choices(map="mask", sign="signed", estimand="contrast")
    stats = fill(raw)
    assert correlate_attributes(stats, choices).undefined == ATTRIBUTES
    assert correlate_channels(stats, choices).undefined == ("0", "1", "2", "3")


def one_attribute(raw: Raw) -> BlockStatistics:
    """Statistics of the first attribute alone."""

    def first(sums: BlockSums) -> BlockSums:
        maps = {kind: getattr(sums, kind)[:, :1] for kind in ("total", "positive", "adjusted")}
        pairs = {kind: getattr(sums, kind)[..., :1, :1] for kind in ("attribute_gram", "image_r", "image_count")}
        return replace(sums, **maps, **pairs)

    stats = fill(raw)
    return replace(
        stats,
        attributes=ATTRIBUTES[:1],
        positives=stats.positives[:, :1],
        weight_sum=stats.weight_sum[:, :1],
        label_gram=stats.label_gram[:, :1, :1],
        mask=first(stats.mask),
        evidence=first(stats.evidence),
    )


@pytest.mark.parametrize("choices", SIGNED, ids=name_choices)
def test_one_attribute_alone_correlates_with_itself_only(raw: Raw, choices: Choices) -> None:
    """Minus the common part, one attribute's map is zero. The within-image sums here were centred with five."""
    alone = choices.centring == "common" and choices.estimand != "image"
    result = correlate_attributes(one_attribute(raw), choices)
    np.testing.assert_array_equal(result.values, [[np.nan if alone else 1.0]])
    assert result.undefined == (("Bald",) if alone else ())


def test_images_where_a_mask_is_constant_are_left_out_of_its_mean(raw: Raw) -> None:
    partly = replace(raw, mask=raw.mask.copy())
    partly.mask[:20, 2] = 0.5
    choices = Choices(map="mask", sign="signed", estimand="image", view="full")
    rest = partly.reordered(range(20, 60))
    result = correlate_attributes(fill(partly), choices)
    assert result.values[2, 0] == pytest.approx(slow_pair(rest, choices, (2, 0)), abs=1e-9)
    assert result.values[1, 0] == pytest.approx(slow_pair(partly, choices, (1, 0)), abs=1e-9)


def test_sums_within_images_need_no_diagonal(stats: BlockStatistics) -> None:
    """The r of a mask with itself is known to be 1; extraction does not count it."""
    others = 1 - np.eye(5)
    bare = replace(stats.mask, image_r=stats.mask.image_r * others, image_count=stats.mask.image_count * others)
    choices = Choices(map="mask", sign="signed", estimand="image", view="spatial", centring="common")
    expected = correlate_attributes(stats, choices)
    result = correlate_attributes(replace(stats, mask=bare), choices)
    assert result.undefined == ()
    np.testing.assert_array_equal(result.values, expected.values)


@pytest.mark.parametrize("estimand", [*MAP_ESTIMANDS, "image", "across"])
def test_no_images_are_refused(stats: BlockStatistics, estimand: Estimand) -> None:
    nothing = select_blocks(stats, np.zeros(6, dtype=bool))
    with pytest.raises(StatisticsError, match=r"at least \d image\(s\), got 0"):
        correlate_attributes(nothing, Choices(sign="signed", estimand=estimand))


def test_one_image_has_nothing_across_images(raw: Raw) -> None:
    single = fill(raw, rows=[7])
    with pytest.raises(StatisticsError, match=r"at least 2 image\(s\), got 1"):
        correlate_channels(single, Choices(sign="signed", estimand="across", view="full"))


@pytest.mark.parametrize(("estimand", "view"), [("image", "full"), ("across", "spatial"), ("across", "channel")])
def test_channels_without_sums_are_refused_with_what_to_use(
    stats: BlockStatistics, estimand: Estimand, view: View
) -> None:
    with pytest.raises(StatisticsError, match="Use --estimand across --view full"):
        correlate_channels(stats, Choices(sign="signed", estimand=estimand, view=view))


@pytest.mark.parametrize("estimand", ["image", "across"])
def test_estimands_without_a_map_are_refused(stats: BlockStatistics, estimand: Estimand) -> None:
    with pytest.raises(StatisticsError, match="has no data-set map"):
        dataset_maps(stats, Choices(sign="signed", estimand=estimand))


def test_a_planted_relation_is_found_in_adjusted_maps_and_not_in_means() -> None:
    """Two attributes change the same cells; their plain masks share nothing."""
    rng = np.random.default_rng(6)
    raw = make_raw(6, n_images=400)
    place = np.zeros(raw.mask.shape[2:])
    place[1, :, 0] = 1
    mask = np.broadcast_to(rng.uniform(0.3, 0.7, size=raw.mask.shape[1:]), raw.mask.shape).copy()
    for k in (0, 3):
        mask[:, k] += 0.1 * raw.labels[:, k, None, None, None] * place
    mask += 0.02 * rng.normal(size=mask.shape)
    stats = fill(replace(raw, mask=mask))
    found: dict[str, Floats] = {
        estimand: correlate_attributes(stats, Choices(map="mask", sign="signed", estimand=estimand, view="full")).values
        for estimand in MAP_ESTIMANDS
    }
    assert found["adjusted"][0, 3] > 0.9
    assert np.abs(found["adjusted"][1, [0, 2, 3, 4]]).max() < 0.6
    assert abs(found["mean"][0, 3]) < 0.6


def test_captions_of_channels_name_attributes_as_their_cells() -> None:
    choices = Choices(map="evidence", sign="signed", estimand="across", view="spatial")
    assert choices.describe("channel") == "evidence across images, pooled over cells, summed over attributes"
    assert choices.describe() == "evidence across images, pooled over cells, summed over channels"
    assert "every attribute and position" in replace(choices, view="full").describe("channel")
