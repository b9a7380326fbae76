"""Which traits are used: enough of them, and none filled in with hindsight."""

import numpy as np
import pytest

from simulator.calibration.effects import deal_traits, profiles
from tests.calibration.made_states import made_opportunities

OUTCOMES = ["won"] * 40 + ["lost_competition"] * 40 + ["lost_no_decision"] * 40 + [None] * 40
ALL = np.ones(160, dtype=bool)


def traits_of(**columns):
    return deal_traits(made_opportunities(160, outcome=OUTCOMES, **columns), ALL, None)


def test_a_trait_known_alike_for_all_outcomes_is_used():
    traits = traits_of(source=["inbound", "outbound"] * 80)
    assert traits.levels == {"source": ("inbound", "outbound")}
    assert traits.codes["source"][:2].tolist() == [0, 1]
    assert traits.notes == ()


def test_a_competitor_filled_in_on_lost_deals_only_is_a_leak():
    competitor = [None] * 40 + ["rival"] * 40 + [None] * 80
    traits = traits_of(competitor=competitor)
    assert traits.levels == {}
    assert "hindsight" in traits.notes[0]
    assert traits.notes[0].startswith("competitor")


def test_a_competitor_named_none_on_all_but_lost_deals_is_a_leak_too():
    competitor = ["none"] * 40 + ["rival"] * 40 + ["none"] * 80
    assert "hindsight" in traits_of(competitor=competitor).notes[0]


def test_a_competitor_that_loses_more_often_is_an_effect_not_a_leak():
    rng = np.random.default_rng(1)
    share = {"won": 0.3, "lost_competition": 0.7, "lost_no_decision": 0.4, None: 0.5}
    competitor = ["rival" if rng.random() < share[o] else "none" for o in OUTCOMES]
    assert "competitor" in traits_of(competitor=competitor).levels


def test_a_trait_hardly_ever_filled_is_left_out():
    traits = traits_of(source=(["web"] + [None] * 4) * 32)
    assert traits.levels == {}
    assert "known for 20%" in traits.notes[0]


def test_an_empty_column_is_not_worth_a_word():
    assert traits_of().notes == ()


def test_a_trait_that_never_varies_is_left_out():
    assert "always the same" in traits_of(source=["web"] * 160).notes[0]


def test_too_few_ended_deals_tell_nothing():
    table = made_opportunities(10, outcome=["won"] * 5 + [None] * 5, source=["a", "b"] * 5)
    assert "too few" in deal_traits(table, np.ones(10, dtype=bool), None).notes[0]


def test_rare_levels_are_other_and_missing_ones_unknown():
    source = [f"s{i:02d}" for i in range(20)] * 7 + ["big"] * 10 + [None] * 10
    order = np.random.default_rng(2).permutation(160)
    traits = traits_of(source=[source[i] for i in order])
    assert traits.levels["source"][0] == "big"
    assert traits.levels["source"][-2:] == ("other", "unknown")
    assert len(traits.levels["source"]) == 10
    assert (traits.codes["source"] >= 0).all()


def test_profiles_combine_all_traits_of_a_deal():
    traits = traits_of(source=["a", "b"] * 80, compelling_event=["budget", "budget", "none", "none"] * 40)
    profile, levels = traits.profile_codes(160)
    assert len(levels) == 4
    assert np.bincount(profile).tolist() == [40] * 4
    shares = profiles(traits, np.zeros(160, dtype=np.int64), ALL, 2)
    assert shares.names == ("compelling_event",)
    assert shares.share.sum(axis=1) == pytest.approx([1.0, 1.0])


def test_without_traits_there_is_one_profile():
    profile, levels = traits_of().profile_codes(160)
    assert profile.tolist() == [0] * 160
    assert levels.shape == (1, 0)
