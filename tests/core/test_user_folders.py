import pytest

from studio.core.atomic import WriteError, write_file
from studio.core.user_folders import UserFolders


def test_everything_goes_into_atelier_home_where_it_is_set(tmp_path):
    folders = UserFolders.standard({"ATELIER_HOME": str(tmp_path)})
    assert folders == UserFolders.within(tmp_path)
    for folder in (
        folders.library,
        folders.models,
        folders.config,
        folders.cache,
        folders.logs,
        folders.runs,
        folders.sessions,
    ):
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []  # nothing is made before it is needed


def test_the_cache_may_lie_elsewhere(tmp_path):
    folders = UserFolders.standard({"ATELIER_HOME": str(tmp_path / "home"), "ATELIER_CACHE": str(tmp_path / "large")})
    assert folders.cache == tmp_path / "large"
    assert folders.models == tmp_path / "home" / "models"
    assert UserFolders.standard({"ATELIER_CACHE": str(tmp_path)}).cache == tmp_path


def test_a_folder_that_no_dialog_chose_is_said_to_be_chosen_by_a_variable(tmp_path):
    folders = UserFolders.within(tmp_path)
    assert "ATELIER_CACHE" in folders.remedy_for(folders.cache / "training" / "x")
    assert "ATELIER_HOME" in folders.remedy_for(folders.models / "net.pth")
    assert folders.remedy_for(tmp_path / "pictures" / "x.png") == ""


def test_a_failed_save_in_such_a_folder_names_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("ATELIER_CACHE", str(tmp_path / "file" / "cache"))
    (tmp_path / "file").write_bytes(b"no folder")
    with pytest.raises(WriteError, match="ATELIER_CACHE"):
        write_file(UserFolders.standard().cache / "x", b"")


def test_without_it_the_system_says_where():
    folders = UserFolders.standard({"ATELIER_HOME": " "})
    assert folders == UserFolders.standard({})
    assert folders.library.name == "Atelier"
    assert folders.models.name == "models"
    assert len({folders.library, folders.models, folders.config, folders.logs, folders.runs, folders.sessions}) == 6
    assert all(folder.is_absolute() for folder in (folders.library, folders.models, folders.config, folders.logs))
