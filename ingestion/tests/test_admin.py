import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.tests.factories import UserFactory
from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionRun
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


def test_what_went_wrong_and_what_was_added_are_told_in_words(staff):
    run = RunFactory(target="2 files")
    for code in ("damaged_file", ""):
        ItemFactory(run=run, error_code=code, error_detail="The file is damaged." if code else "")

    files = staff.get(reverse("admin:ingestion_ingestionitem_changelist")).content.decode()
    runs = staff.get(reverse("admin:ingestion_ingestionrun_changelist")).content.decode()

    assert "The file is damaged." in files
    assert ">damaged_file<" not in files.partition("<tbody")[2]
    assert "Upload of 2 files" in runs
