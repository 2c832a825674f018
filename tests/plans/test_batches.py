"""How large a batch of events may be, and of which shape."""

from tests.plans.telling import Story


def test_a_batch_over_the_limit_or_of_another_shape_is_refused(story: Story):
    story.joins("standard", "ada")
    assert story.api("POST", "/usage/events", {}, status=422)["pointer"] == ""
    assert story.api("POST", "/sign-ins", {"signins": []}, status=422)["pointer"] == "/sign_ins"
    most = story.running.parts.settings.sign_ins
    refused = story.api("POST", "/sign-ins", {"sign_ins": [None] * (most + 1)}, status=422)
    assert refused["detail"] == f"found {most + 1} events, allowed at most {most} in one batch"
    assert len(story.api("POST", "/sign-ins", {"sign_ins": [None] * most})["rejected"]) == most
