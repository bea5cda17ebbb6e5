"""The drawable schedule of a training: `ScheduleEditor` and what it is made of."""

from studio.ui.panels.train.schedule_editor.editor import ScheduleEditor

__all__ = ["ScheduleEditor"]
