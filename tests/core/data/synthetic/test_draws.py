import numpy as np

from mamviz.data.synthetic.draws import LABEL_STREAM, PERSON_STREAM, philox, uniforms


def test_philox_gives_the_known_answers_of_its_authors():
    """kat_vectors of Random123: counter and key all zero, then all ones."""
    zeros = philox(np.zeros((1, 4), np.uint64), (0, 0))
    ones = philox(np.full((1, 4), 0xFFFFFFFF, np.uint64), (0xFFFFFFFF, 0xFFFFFFFF))
    assert [hex(int(word)) for word in zeros[0]] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    assert [hex(int(word)) for word in ones[0]] == ["0x408f276d", "0x41c83b0e", "0xa20bc7c6", "0x6d5451fd"]


def test_numbers_of_an_image_do_not_depend_on_its_neighbours():
    many = uniforms(np.arange(50), seed=3, stream=LABEL_STREAM, count=9)
    one = uniforms(np.array([31]), seed=3, stream=LABEL_STREAM, count=17)
    np.testing.assert_array_equal(many[31], one[0, :9])


def test_streams_seeds_and_images_share_no_numbers():
    base = uniforms(np.arange(200), seed=3, stream=LABEL_STREAM, count=8)
    others = [
        uniforms(np.arange(200), seed=3, stream=PERSON_STREAM, count=8),
        uniforms(np.arange(200), seed=3 + 2**32, stream=LABEL_STREAM, count=8),
        uniforms(np.arange(200) + 2**32, seed=3, stream=LABEL_STREAM, count=8),
    ]
    assert len(np.unique(base)) == base.size
    for other in others:
        assert not np.isin(other, base).any()


def test_numbers_are_uniform():
    values = np.sort(uniforms(np.arange(5000), seed=0, stream=LABEL_STREAM, count=4).ravel())
    gap = np.abs(values - (np.arange(values.size) + 0.5) / values.size).max()
    assert gap < 1.63 / np.sqrt(values.size)  # Kolmogorov-Smirnov, 1 % level
