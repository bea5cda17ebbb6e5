import pytest
from job_kit import run

from studio.core.images import load_picture
from studio.core.samples import sample_paintings, sample_photos
from studio.jobs.browse import SAMPLE_SIDE, SamplesTask, list_samples


@pytest.mark.parametrize("samples", [sample_photos, sample_paintings])
def test_every_packaged_sample_is_offered_with_a_small_picture(samples):
    events, found = run(list_samples, SamplesTask(samples))
    assert [one.name for one in found] == [sample.name for sample in samples()]
    assert len(found) >= 4
    assert len(events) == len(found)
    for one in found:
        assert one.title
        assert max(one.picture.shape[:2]) == SAMPLE_SIDE
        assert one.picture.std() > 10
        whole = load_picture(one.path).pixels
        assert one.picture.shape[0] / one.picture.shape[1] == pytest.approx(whole.shape[0] / whole.shape[1], abs=0.02)
