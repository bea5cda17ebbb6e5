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


def test_without_it_the_system_says_where():
    folders = UserFolders.standard({"ATELIER_HOME": " "})
    assert folders == UserFolders.standard({})
    assert folders.library.name == "Atelier"
    assert folders.models.name == "models"
    assert len({folders.library, folders.models, folders.config, folders.logs, folders.runs, folders.sessions}) == 6
    assert all(folder.is_absolute() for folder in (folders.library, folders.models, folders.config, folders.logs))
