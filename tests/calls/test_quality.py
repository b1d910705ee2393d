"""How a leg sounded: what Asterisk counted, and what ITU-T G.107 makes of it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.calls.quality import Direction, opinion_score, parse_quality, score_of_rating
from app.facts.vocabulary import Quality

#: As Asterisk 22.10 left it after six seconds with a far end that lost every 20th packet and reported every tenth lost.
SEEN = (
    "ssrc=1384545250;themssrc=267389953;lp=12;rxjitter=0.010000;rxcount=285;txjitter=0.000250;txcount=285;rlp=28;"
    "rtt=0.000000;rxmes=61.602463;txmes=70.947545"
)


@pytest.mark.parametrize(
    ("rating", "score"),
    # ITU-T G.107, table B.1: the limits of R and the mean opinion scores that go with them.
    [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)],
)
def test_given_a_rating_of_the_recommendations_table_when_scored_then_it_is_the_tables_score(
    rating: float, score: float
) -> None:
    assert score_of_rating(rating) == pytest.approx(score, abs=0.01)


def test_given_the_best_rating_of_the_defaults_when_scored_then_it_is_the_best_that_g711_can_be() -> None:
    assert score_of_rating(93.2) == pytest.approx(4.41, abs=0.005)
    assert (score_of_rating(-1.0), score_of_rating(0.0), score_of_rating(100.0)) == (1.0, 1.0, 4.5)


@pytest.mark.parametrize(
    ("loss", "one_way", "rating"),
    [
        # R = 93.2 - 0.024 d - 95 p / (p + 25.1), d with the 20 ms of a packet; above 177.3 ms, 0.11 more for each.
        (0.0, 0.0, 93.2 - 0.48),
        (5.0, 0.0, 93.2 - 0.48 - 95 * 5 / 30.1),
        (1.0, 130.0, 93.2 - 0.024 * 150 - 95 / 26.1),
        (0.0, 380.0, 93.2 - 0.024 * 400 - 0.11 * (400 - 177.3)),
    ],
)
def test_given_loss_and_delay_when_scored_then_it_is_by_the_formula(loss: float, one_way: float, rating: float) -> None:
    found = opinion_score(Direction(loss_percent=loss, jitter_ms=0.0), one_way_ms=one_way)
    assert found == pytest.approx(score_of_rating(rating))


def test_given_what_asterisk_left_when_read_then_the_worse_direction_tells() -> None:
    found = parse_quality(SEEN)
    assert found is not None
    assert (found.loss_percent, found.jitter_ms) == (round(100 * 28 / 285, 2), 10.0)
    heard_alone = parse_quality(SEEN.replace("txcount=285", "txcount=0"))
    assert heard_alone == Quality(
        mos=round(opinion_score(Direction(loss_percent=100 * 12 / 297, jitter_ms=0.25)), 2),
        loss_percent=round(100 * 12 / 297, 2),
        jitter_ms=0.25,
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "SIP 486 Busy Here",
        SEEN.replace("rxcount=285", "rxcount=0").replace("txcount=285", "txcount=0"),
        "rxcount=1" + ";x=1" * 200,
    ],
)
def test_given_no_counts_when_read_then_nothing_is_known(text: str) -> None:
    assert parse_quality(text) is None


_number = st.integers(-5, 10**12).map(str) | st.floats().map(str) | st.text(max_size=4)
_names = st.sampled_from(["ssrc", "lp", "rlp", "rxcount", "txcount", "rxjitter", "txjitter", "rtt", "x"])
_lines = st.lists(st.tuples(_names, _number), max_size=12).map(
    lambda pairs: ";".join(f"{name}={value}" for name, value in pairs)
)


@given(_lines | st.text())
@example("rxcount=1;lp=999999999999;txjitter=999999999999;rtt=999999999999")
def test_given_any_text_when_read_then_what_comes_of_it_can_be(text: str) -> None:
    found = parse_quality(text)
    if found is not None:
        assert 1.0 <= found.mos <= 4.41
        assert 0.0 <= found.loss_percent <= 100.0
        assert 0.0 <= found.jitter_ms <= 10_000.0


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 500), st.floats(0, 500))
def test_given_two_lines_when_one_is_worse_in_loss_and_delay_then_it_never_scores_better(
    loss: float, more: float, delay: float, later: float
) -> None:
    better = opinion_score(Direction(loss_percent=loss, jitter_ms=0.0), one_way_ms=delay)
    worse = opinion_score(Direction(loss_percent=loss + more, jitter_ms=0.0), one_way_ms=delay + later)
    assert worse <= better + 1e-9
