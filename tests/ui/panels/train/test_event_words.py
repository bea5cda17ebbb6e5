from studio.training.run_log import Happening
from studio.ui.panels.train.run.event_words import in_words


def happening(kind: str, step: int = 7, **facts) -> Happening:
    return Happening(at=0.0, kind=kind, step=step, facts=facts)


def test_a_setting_is_called_what_stands_beside_its_slider():
    turned = happening("settings", values={"style_weight": 4.25, "total_variation": 0.1})
    assert in_words(turned, {"style_weight": "Style"}) == "From step 7: Style 4.25, total variation 0.1"


def test_only_the_first_time_training_begins():
    assert in_words(happening("state", 0, state="running")) == "Training begins"
    assert in_words(happening("state", 593, state="running")) == ""
    assert in_words(happening("resumed", 593)) == "Goes on from step 593"
