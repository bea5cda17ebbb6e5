import json

from studio.training.run_commands import RunCommand, RunCommands


def test_orders_are_taken_once_and_in_the_order_they_were_given(tmp_path):
    mine, theirs = RunCommands(tmp_path / "orders"), RunCommands(tmp_path / "orders")
    mine.post(RunCommand("settings", {"style_weight": 2.0}))
    theirs.post(RunCommand("checkpoint"))
    mine.post(RunCommand("pause"))
    taken = RunCommands(tmp_path / "orders").take()
    assert taken == (RunCommand("settings", {"style_weight": 2.0}), RunCommand("checkpoint"), RunCommand("pause"))
    assert mine.take() == ()


def test_no_folder_means_no_orders(tmp_path):
    assert RunCommands(tmp_path / "orders").take() == ()
    assert not (tmp_path / "orders").exists()


def test_what_makes_no_sense_is_thrown_away(tmp_path):
    commands = RunCommands(tmp_path)
    for number, content in enumerate(["{", "[]", json.dumps({"kind": "explode", "values": {}}), '{"kind": "pause"}']):
        (tmp_path / f"{number}.json").write_text(content)
    (tmp_path / "notes.txt").write_text("not an order")
    assert commands.take() == ()
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_order_that_cannot_be_removed_is_still_obeyed_only_once(tmp_path):
    commands = RunCommands(tmp_path)
    stuck = tmp_path / "0.json"
    stuck.mkdir()  # as a file in a folder of somebody else's
    (tmp_path / "0.json" / "x").touch()
    assert commands.take() == ()
    stuck.joinpath("x").unlink()
    stuck.rmdir()
    stuck.write_text(json.dumps({"kind": "pause", "values": {}}))
    assert commands.take() == ()
    assert stuck.exists()


def test_an_order_may_be_seen_before_it_is_taken(tmp_path):
    commands = RunCommands(tmp_path)
    commands.post(RunCommand("settings", {"style_weight": 2.0}))
    assert not commands.given("pause")
    commands.post(RunCommand("pause"))
    assert commands.given("pause")
    assert len(commands.take()) == 2
    assert not commands.given("pause")
