"""From coarse to fine: sizes and steps."""

from hypothesis import given
from hypothesis import strategies as st

from studio.jobs.style.scales import NARROWEST, stages, stages_from

sides = st.integers(1, 5000)


@given(height=sides, width=sides, side=st.integers(64, 4096), steps=st.integers(1, 2000))
def test_every_plan_ends_at_the_size_asked_for_and_spends_all_steps(height, width, side, steps):
    plan = stages(height, width, side, steps)
    assert plan[-1].side == side
    assert sum(stage.steps for stage in plan) == steps
    assert all(stage.steps >= 1 for stage in plan)
    assert [stage.side for stage in plan] == sorted({stage.side for stage in plan})
    assert all(min(stage.height, stage.width) >= NARROWEST - 1 for stage in plan[:-1])


def test_a_usual_painting_doubles_twice():
    assert [(stage.width, stage.height) for stage in stages(600, 800, 512, 120)] == [(128, 96), (256, 192), (512, 384)]
    assert [stage.side for stage in stages(600, 800, 100, 120)] == [100]
    assert [stage.side for stage in stages(600, 800, 512, 1)] == [512]


def test_a_painting_goes_on_at_the_size_it_has():
    plan = stages(600, 800, 512, 120)
    assert stages_from(plan, 192, 256) == plan[1:]
    assert stages_from(plan, 150, 200) == plan[1:]
    assert stages_from(plan, 900, 1200) == plan[2:]


def test_running_out_of_memory_goes_back_to_what_was_reached_or_halves():
    stage = stages(600, 800, 512, 120)[-1]
    assert stage.smaller(256).side == 256
    assert stage.smaller(512).side == 256
    assert stage.smaller(None).side == 256
    assert not stages(1, 1, 64, 1)[0].can_be_smaller
