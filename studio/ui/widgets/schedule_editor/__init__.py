"""The drawable schedule of a training: `ScheduleEditor` and what it is made of."""

from studio.ui.widgets.schedule_editor.editor import ScheduleEditor

__all__ = ["ScheduleEditor"]
