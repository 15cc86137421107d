import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.tests.factories import UserFactory, staff_client
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionItem, IngestionRun
from ingestion.tests.factories import ItemFactory, RunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("name", ["ingestionrun", "ingestionitem"])
def test_pages_are_shown(staff, name):
    item = ItemFactory(name="needle.txt", run__target="needle")
    listed = reverse(f"admin:ingestion_{name}_changelist")
    row = item if name == "ingestionitem" else item.run

    assert "needle" in staff.get(listed, {"q": "needle"}).content.decode()
    assert (
        "needle" not in staff.get(listed, {"q": "haystack"}).content.decode().partition("<tbody")[2]
    )
    assert staff.get(reverse(f"admin:ingestion_{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", ["ingestionrun", "ingestionitem"])
def test_lists_keep_the_same_number_of_queries(staff, name, count, django_assert_max_num_queries):
    ItemFactory.create_batch(count)

    with django_assert_max_num_queries(8):
        staff.get(reverse(f"admin:ingestion_{name}_changelist"))


def test_actions_call_the_services(staff):
    run = ItemFactory().run
    failed = ItemFactory(stage=Stage.FAILED, error_code="x").run

    for action in ("cancel", "retry"):
        body = {"action": action, "_selected_action": [str(run.pk), str(failed.pk)]}
        staff.post(reverse("admin:ingestion_ingestionrun_changelist"), body)

    run.refresh_from_db()
    assert run.status == IngestionStatus.CANCELLED
    assert IngestionRun.objects.get(pk=failed.pk).items.get().stage == Stage.QUEUED


def test_whoever_may_only_look_stops_nothing(client):
    looking = UserFactory(is_staff=True)
    looking.user_permissions.add(Permission.objects.get(codename="view_ingestionrun"))
    client.force_login(looking)
    run = ItemFactory().run

    client.post(
        reverse("admin:ingestion_ingestionrun_changelist"),
        {"action": "cancel", "_selected_action": [str(run.pk)]},
    )

    assert IngestionRun.objects.get(pk=run.pk).status == run.status != IngestionStatus.CANCELLED


def failed_pair():
    item = ItemFactory(stage=Stage.FAILED, error_code="damaged_file")
    return item, ItemFactory(run=item.run, position=1, stage=Stage.FAILED, error_code="x")


def test_chosen_files_are_retried_and_others_of_the_run_are_not(staff):
    (item, other), ready = failed_pair(), ItemFactory(stage=Stage.READY)
    listed = reverse("admin:ingestion_ingestionitem_changelist")
    body = {"action": "retry", "_selected_action": [str(item.pk), str(ready.pk)]}

    said = staff.post(listed, body, follow=True).content.decode()

    assert "Files that are read again: 1." in said
    assert "No file of this run has failed, or can be tried again." in said
    assert stages(item, other, ready) == [Stage.QUEUED, Stage.FAILED, Stage.READY]


def test_a_file_is_retried_from_its_page_after_a_question(staff):
    item, other = failed_pair()
    page = reverse("admin:ingestion_ingestionitem_change", args=[item.pk])
    retry = reverse("admin:ingestion_ingestionitem_retry_one", args=[item.pk])

    assert retry in staff.get(page).content.decode()
    assert staff.get(retry).status_code == 200
    staff.post(retry)
    assert stages(item) == [Stage.FAILED], "only asked"
    answer = staff.post(retry, {"confirmed": "yes"})

    assert (answer.status_code, answer["location"]) == (302, page)
    assert stages(item, other) == [Stage.QUEUED, Stage.FAILED]
    assert "has not failed" in staff.get(retry).content.decode()


def test_whoever_may_only_look_retries_no_file():
    item, _other = failed_pair()
    looking = staff_client("view_ingestionitem")
    retry = reverse("admin:ingestion_ingestionitem_retry_one", args=[item.pk])
    listed = reverse("admin:ingestion_ingestionitem_changelist")

    assert looking.post(retry, {"confirmed": "yes"}).status_code == 403
    looking.post(listed, {"action": "retry", "_selected_action": [str(item.pk)]})

    assert stages(item) == [Stage.FAILED]


def stages(*items):
    return [IngestionItem.objects.get(pk=item.pk).stage for item in items]


def test_what_went_wrong_and_what_was_added_are_told_in_words(staff):
    run = RunFactory(target="2 files")
    for code in ("damaged_file", ""):
        ItemFactory(run=run, error_code=code, error_detail="The file is damaged." if code else "")

    files = staff.get(reverse("admin:ingestion_ingestionitem_changelist")).content.decode()
    runs = staff.get(reverse("admin:ingestion_ingestionrun_changelist")).content.decode()

    assert "The file is damaged." in files
    assert ">damaged_file<" not in files.partition("<tbody")[2]
    assert "Upload of 2 files" in runs
