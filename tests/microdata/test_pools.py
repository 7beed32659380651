"""Pools keep their rule with classes whole; keys and orders come from a secret and a purpose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymisation import ProtectionError
from vawg_opendata.microdata.pools import Answers, able, pool, untellable
from vawg_opendata.microdata.streams import Stream
from vawg_opendata.products.linked import PoolRule


def answers(codes, bound, able=None):
    codes = np.array(codes)
    return Answers("injury", codes, np.array(bound), np.ones((codes.size, len(bound)), dtype=bool) if able is None else able)


@given(st.data())
def test_every_pool_keeps_the_rule_and_no_class_is_divided(data):
    number = data.draw(st.integers(4, 60))
    classes = np.sort(np.array(data.draw(st.lists(st.integers(0, 15), min_size=number, max_size=number))))
    classes = np.unique(classes, return_inverse=True)[1]
    codes = np.array(data.draw(st.lists(st.integers(-1, 2), min_size=number, max_size=number)))
    able = np.array(data.draw(st.lists(st.booleans(), min_size=number, max_size=number)))[:, None] | (codes[:, None] == np.arange(3))
    rule = PoolRule(size=data.draw(st.integers(1, 8)), applying=data.draw(st.integers(1, 4)), most_alike=data.draw(st.sampled_from([0.5, 2 / 3, 0.9])))
    field = answers(codes, [False, True, True], able)

    def kept(here):
        applying = (codes[here] >= 0).sum()
        most = [(codes[here] == code).sum() <= rule.most_alike * min(applying, able[here, code].sum()) for code in (1, 2)]
        return here.sum() >= rule.size and (not applying or applying >= rule.applying) and all(most)

    try:
        pools = pool(classes, [field], rule)
    except ProtectionError:
        assert not kept(np.ones(number, dtype=bool))
        return
    assert all(len(set(pools[classes == one])) == 1 for one in set(classes))
    assert all(kept(pools == one) for one in set(pools.tolist()))


def test_a_field_that_no_pool_can_hide_is_named():
    rule = PoolRule(size=3, applying=2, most_alike=2 / 3)
    for field in (answers([1] * 9 + [0], [False, True]), answers([-1] * 9 + [0], [False, True])):
        assert untellable([field], rule) == ["injury"]
        with pytest.raises(ProtectionError, match="hide injury"):
            pool(np.arange(10), [field], rule)
    assert untellable([answers([1] * 6 + [0] * 4, [False, True])], rule) == []


def test_a_fact_rules_out_what_never_comes_with_it_though_it_should():
    suspect, abuse = np.repeat([0, 1], 40), np.concatenate([np.zeros(40, dtype=int), np.tile([0, 1], 20)])
    assert able(abuse, 2, [suspect])[:, 1].tolist() == [False] * 40 + [True] * 40
    rare = np.concatenate([np.zeros(79, dtype=int), [1]])
    assert able(rare, 2, [suspect]).all()  # one case of eighty: nobody can tell why


def test_a_stream_is_of_its_secret_and_purpose():
    one, same = Stream(b"secret", "agreement", "health"), Stream(b"secret", "agreement", "health")
    assert (one.keys(500) == same.keys(500)).all() and len(set(one.keys(500).tolist())) == 500
    for other in (Stream(b"secret", "agreement", "probation"), Stream(b"secret", "agreementhealth"), Stream(b"Secret", "agreement", "health")):
        assert set(one.keys(500).tolist()).isdisjoint(other.keys(500).tolist())
        assert (np.argsort(one.numbers(500)) != np.argsort(other.numbers(500))).mean() > 0.9
    assert np.unique(one.numbers(500)).size == 500
    assert abs(one.numbers(20_000).astype(float).mean() / 2**64 - 0.5) < 0.02


def test_the_key_of_a_text_is_its_own_and_stays():
    one = Stream(b"secret", "agreement", "health")
    texts = [f"{number:020x}" for number in range(500)]
    keys = dict(zip(texts, one.keys_for(texts), strict=True))
    assert len(set(keys.values())) == 500 and all(len(key) == 20 for key in keys.values())
    assert one.keys_for(texts[100:]) == [keys[text] for text in texts[100:]]
    assert set(keys.values()).isdisjoint(Stream(b"secret", "agreement", "probation").keys_for(texts))
