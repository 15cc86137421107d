import gzip
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from documents import search
from documents.models import Document, Passage
from documents.services import delete_document
from ingestion import services
from ingestion.enums import IngestionStatus, Stage
from ingestion.exceptions import NotYet
from ingestion.models import IngestionItem, IngestionRun, WebHost, WebPage
from ingestion.pipeline import parse
from ingestion.pipeline.worker import work_for
from ingestion.tests import samples
from ingestion.tests.packing import zipped
from ingestion.web import hosts
from quotas.models import Quota
from youworker.core.config import config
from youworker.core.exceptions import InvalidInput

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def crawl(user, letters):
    """Reads a site to its end."""

    def read(url, **options):
        run = services.start_urls([url], actor=user, **options)
        work_for(60)
        return IngestionRun.objects.get(pk=run.pk)

    return read


def set_crawl(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setitem(config.crawl.__dict__, name, value)


def outcome(run):
    return {
        item.uri.partition("/")[2].partition("/")[2].partition("/")[2]: item.error_code
        or item.stage
        for item in run.items.all()
    }


def test_a_page_becomes_a_document(site, crawl, user):
    site.page(
        "/a",
        "<html><head><title>Two storks</title></head><body><h1>Storks</h1>"
        "<p>They nest on chimneys.</p><table><tr><td>Year</td><td>1999</td></tr></table>"
        "<pre>x = 1</pre></body></html>",
    )

    run = crawl(f"{site.url}/a?utm_source=mail#top", tags=["birds"])

    document = Document.objects.get()
    assert (run.status, run.kind, run.target) == (
        IngestionStatus.SUCCEEDED,
        "url",
        f"{site.url}/a?utm_source=mail#top",
    )
    assert (document.title, document.uri, document.mime) == (
        "Two storks",
        f"{site.url}/a",
        "text/html",
    )
    assert [tag.name for tag in document.tags.all()] == ["birds"]
    text = " ".join(Passage.objects.values_list("text", flat=True))
    assert "chimneys" in text
    assert "1999" in text
    assert "x = 1" in text
    assert search.search("chimneys", actor=user).results[0].document_id == document.pk
    sent = site.asked[-1][1]
    assert sent["user-agent"] == "YouWorker/1"
    assert "cookie" not in sent


def test_a_crawl_goes_as_deep_as_it_may_and_reads_each_page_once(site, crawl):
    site.link("/", "/one", "two#x", "/one?utm_medium=x", "/one/", "mailto:a@example.org")
    site.link("/one", "/", "/deep")
    site.link("/two", "/one", "http://elsewhere.example/")
    site.link("/deep", "/deeper")

    run = crawl(site.url, depth=2, max_pages=50)

    assert outcome(run) == {"": "ready", "one": "ready", "two": "ready", "deep": "ready"}
    assert site.paths() == ["/", "/one", "/two", "/deep"]
    assert site.most_at_once == 1
    assert list(run.items.order_by("position").values_list("depth", flat=True)) == [0, 1, 1, 2]


def test_a_crawl_has_as_many_pages_as_it_may(site, crawl):
    site.link("/", *(f"/{n}" for n in range(40)))
    for number in range(40):
        site.link(f"/{number}", "/extra")

    run = crawl(site.url, depth=5, max_pages=7)

    assert run.items.count() == 7
    assert Document.objects.count() == 7


def test_what_comes_out_of_an_archive_is_no_page_of_a_crawl(site, crawl):
    site.link("/", "/docs.zip", "/a", "/b")
    site.page("/docs.zip", zipped({f"{n}.txt": b"w%d" % n for n in range(9)}))
    site.link("/a", "/c")
    for name in ("/b", "/c"):
        site.link(name)

    run = crawl(site.url, depth=2, max_pages=5)

    assert run.items.outermost().count() == 5
    assert run.items.filter(parent__isnull=False).count() == 9
    assert run.status == IngestionStatus.SUCCEEDED


def test_robots_txt_is_minded(site, crawl):
    site.page("/robots.txt", "User-agent: *\nDisallow: /private\n", content_type="text/plain")
    site.link("/", "/private/a", "/open")
    site.link("/open")
    site.link("/private/a")

    run = crawl(site.url, depth=1, max_pages=9)
    denied = crawl(f"{site.url}/private/a")

    assert outcome(run) == {"": "ready", "open": "ready"}
    assert outcome(denied) == {"private/a": "robots_denied"}
    assert "/private/a" not in site.paths()
    assert [path for path, _ in site.asked].count("/robots.txt") == 1


def test_a_site_whose_robots_txt_is_out_of_order_is_left_alone(site, crawl):
    site.page("/robots.txt", "", status=503)
    site.link("/")

    run = crawl(site.url)

    item = run.items.get()
    assert (item.stage, item.error_code, item.failures) == (Stage.QUEUED, "robots_unavailable", 1)
    assert site.paths() == []


def test_the_pause_a_site_asks_for_is_kept_within_reason(site, crawl, monkeypatch):
    set_crawl(monkeypatch, max_delay=5)
    site.page("/robots.txt", "User-agent: *\nCrawl-delay: 9999\n")
    site.link("/", "/next")
    site.link("/next")

    run = crawl(site.url, depth=1, max_pages=2)

    left = WebHost.objects.get().lease_until - timezone.now()
    assert timedelta(seconds=1) < left <= timedelta(seconds=5)
    assert outcome(run) == {"": "ready", "next": "queued"}
    assert run.items.get(depth=1).failures == 0


@pytest.mark.parametrize("crawl_delay", ["nan", "-3", "inf", "1e400", "x"])
def test_a_strange_pause_is_none_or_bounded(crawl_delay):
    rules = hosts.rules_of(f"User-agent: *\nCrawl-delay: {crawl_delay}\n")

    assert 0 <= hosts.crawl_delay(rules) <= config.crawl.max_delay


def test_a_busy_site_is_left_alone_for_as_long_as_it_says(site, crawl):
    site.page("/", "", status=429, retry_after="120")

    run = crawl(site.url)

    item = run.items.get()
    assert (item.stage, item.error_code, item.failures) == (Stage.QUEUED, "site_busy", 1)
    assert item.lease_until - timezone.now() > timedelta(seconds=100)
    assert WebHost.objects.get().lease_until - timezone.now() > timedelta(seconds=100)


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "page_gone"), (410, "page_gone"), (403, "page_forbidden"), (418, "page_error")],
)
def test_a_page_that_is_not_there_fails_with_its_reason(site, crawl, status, code):
    site.page("/", "no", status=status)

    run = crawl(site.url)

    assert (run.status, outcome(run)) == (IngestionStatus.FAILED, {"": code})
    assert str(status) in run.items.get().error_detail
    assert not Document.objects.exists()


def test_one_bad_page_does_not_end_a_crawl(site, crawl):
    site.link("/", "/gone", "/good")
    site.link("/good")

    run = crawl(site.url, depth=1, max_pages=9)

    assert run.status == IngestionStatus.PARTIAL
    assert outcome(run) == {"": "ready", "gone": "page_gone", "good": "ready"}


def test_what_did_not_change_is_not_sent_again_but_its_links_are_followed(site, crawl):
    site.link("/", "/a")
    site.pages["/"][1]["ETag"] = '"1"'
    site.link("/a")
    site.pages["/a"][1]["Last-Modified"] = "Wed, 21 Oct 2015 07:28:00 GMT"
    crawl(site.url, depth=1, max_pages=9)
    site.link("/a", text="new words")
    before = {document.pk for document in Document.objects.all()}

    run = crawl(site.url, depth=1, max_pages=9)

    assert outcome(run) == {"": "unchanged", "a": "ready"}
    assert run.status == IngestionStatus.SUCCEEDED
    assert run.items.get(depth=0).document.uri == f"{site.url}/"
    assert {document.pk for document in Document.objects.all()} == before
    assert site.asked[-1][1]["if-modified-since"] == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert Passage.objects.filter(text__contains="new words").exists()


def test_what_was_deleted_is_fetched_whole(site, crawl, user):
    site.link("/")
    site.pages["/"][1]["ETag"] = '"1"'
    crawl(site.url)
    delete_document(Document.objects.get(), actor=user)

    run = crawl(site.url)

    assert outcome(run) == {"": "ready"}
    assert Document.objects.count() == 1


def test_pages_of_others_are_not_asked_about(site, crawl, letters):
    site.link("/")
    site.pages["/"][1]["ETag"] = '"1"'
    crawl(site.url)
    other = UserFactory()

    run = services.start_urls([site.url], actor=other)
    work_for(60)

    assert outcome(run) == {"": "ready"}
    assert "if-none-match" not in site.asked[-1][1]
    assert Document.objects.filter(owner=other).count() == 1


def test_a_page_with_a_name_of_its_own_is_stored_under_it_once(site, crawl):
    canonical = (
        '<html><head><link rel="canonical" href="/real"></head><body>same words</body></html>'
    )
    site.link("/", "/b?x=1", "/b?x=2")
    site.page("/b?x=1", canonical)
    site.page("/b?x=2", canonical)

    run = crawl(site.url, depth=1, max_pages=9)

    assert sorted(Document.objects.values_list("uri", flat=True)) == [
        f"{site.url}/",
        f"{site.url}/real",
    ]
    assert sorted(run.items.values_list("error_code", flat=True)) == ["", "", "same_page"]


@pytest.mark.parametrize(
    "canonical", ["https://other.example/x", "javascript:alert(1)", "http://[bad", ""]
)
def test_a_page_cannot_take_the_place_of_a_page_elsewhere(site, crawl, canonical):
    site.page("/a", f'<html><head><link rel=canonical href="{canonical}"></head>words</html>')

    crawl(f"{site.url}/a")

    assert Document.objects.get().uri == f"{site.url}/a"


def test_redirects_lead_to_the_page_but_not_out_of_a_crawl(site, crawl, monkeypatch):
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    site.page("/start", "", status=302, location="/home")
    site.link("/home", "/out", "/circle")
    site.page("/out", "", status=301, location=f"{elsewhere}/secret")
    site.page("/circle", "", status=301, location="/circle")

    run = crawl(f"{site.url}/start", depth=1, max_pages=9)

    assert outcome(run) == {"home": "ready", "out": "left_site", "circle": "page_error"}
    assert "/secret" not in site.paths()


def test_a_redirect_into_the_company_is_refused(site, crawl):
    site.page("/", "", status=302, location="http://10.0.0.1/admin")

    run = crawl(site.url)

    assert outcome(run) == {"": "egress_refused"}


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://x/", "http://u:p@x.org/"])
def test_a_redirect_to_something_else_is_an_error_of_the_page(site, crawl, location):
    site.page("/", "", status=302, location=location)

    assert outcome(crawl(site.url)) == {"": "page_error"}


def test_addresses_of_the_company_are_refused(crawl):
    run = crawl("http://192.168.1.1/")

    item = run.items.get()
    assert (item.stage, item.error_code) == (Stage.FAILED, "egress_refused")


def test_files_are_what_their_bytes_say(site, crawl):
    site.page("/report", samples.pdf(), content_type="text/html")
    site.page(
        "/download?id=7",
        b"a;b\n1;2\n",
        content_type="application/octet-stream",
        content_disposition='attachment; filename="../../numbers.csv"',
    )

    crawl(f"{site.url}/report")
    crawl(f"{site.url}/download?id=7")

    mimes = dict(Document.objects.values_list("uri", "mime"))
    assert mimes[f"{site.url}/report"] == "application/pdf"
    assert mimes[f"{site.url}/download?id=7"] == "text/csv"
    assert IngestionItem.objects.filter(name="numbers.csv").exists()


def test_an_encoding_only_the_server_knows_is_used(site, crawl):
    text = "<html><body><p>Молоко и хлеб, пожалуйста</p></body></html>"
    site.page("/", text.encode("koi8-r"), content_type="text/html; charset=KOI8-R")

    crawl(site.url)

    assert "Молоко и хлеб" in Passage.objects.get().text


def test_a_page_may_be_packed_and_has_a_largest_size(site, crawl, monkeypatch):
    monkeypatch.setitem(config.ingestion.__dict__, "max_file_bytes", 100_000)
    packed = gzip.compress(b"<html><body>packed words</body></html>")
    site.page("/", packed, content_encoding="gzip")
    site.page("/bomb", gzip.compress(bytes(5_000_000)), content_encoding="gzip")

    assert outcome(crawl(site.url)) == {"": "ready"}
    assert outcome(crawl(f"{site.url}/bomb")) == {"bomb": "too_large"}


def test_a_killed_worker_costs_a_crawl_nothing(site, crawl, user, letters, monkeypatch):
    site.link("/", "/a", "/b")
    site.link("/a")
    site.link("/b")
    run = services.start_urls([site.url], depth=1, max_pages=9, actor=user)
    kill = {"left": 1}
    explore = parse.SOURCES["url"].explore

    def die(item, path):
        if kill["left"]:
            kill["left"] -= 1
            raise KeyboardInterrupt
        explore(item, path)

    monkeypatch.setattr(parse.SOURCES["url"], "explore", staticmethod(die))
    with pytest.raises(KeyboardInterrupt):
        work_for(60)
    work_for(60)

    assert outcome(run) == {"": "ready", "a": "ready", "b": "ready"}
    # The page that was there is not fetched a second time.
    assert site.paths() == ["/", "/a", "/b"]


def test_a_host_whose_visitor_died_is_free_after_a_while(site, crawl):
    site.link("/")
    WebHost.objects.claim(f"127.0.0.1:{site.port}", seconds=-1)

    assert outcome(crawl(site.url)) == {"": "ready"}


def test_a_host_that_is_visited_is_waited_for(site, crawl, monkeypatch):
    monkeypatch.setattr(hosts, "PATIENCE", 0.1)
    WebHost.objects.claim(f"127.0.0.1:{site.port}", seconds=60)
    site.link("/")

    run = crawl(site.url)

    item = run.items.get()
    assert (item.stage, item.attempts, item.failures) == (Stage.QUEUED, 0, 0)
    assert site.asked == []


def test_a_short_pause_of_a_host_is_waited_for_and_a_long_one_is_not(site, crawl):
    host = f"127.0.0.1:{site.port}"
    site.link("/")
    WebHost.objects.give_back(WebHost.objects.claim(host, seconds=60), pause=0.3)
    assert outcome(crawl(site.url)) == {"": "ready"}

    WebHost.objects.give_back(WebHost.objects.claim(host, seconds=60), pause=50)
    began = time.monotonic()
    with pytest.raises(NotYet) as caught:
        hosts.await_turn(host)
    assert time.monotonic() - began < 1
    assert 40 < caught.value.seconds <= 50


def test_a_crawl_ends_when_its_time_or_its_bytes_are_over(site, crawl, user, letters, monkeypatch):
    site.link("/")
    run = services.start_urls([site.url], actor=user)
    late = timezone.now() - timedelta(seconds=config.crawl.max_seconds + 1)
    IngestionRun.objects.filter(pk=run.pk).update(started_at=late)
    work_for(60)
    assert outcome(run) == {"": "crawl_over"}

    set_crawl(monkeypatch, max_bytes=10)
    site.link("/x", "/y")
    site.link("/y")
    assert outcome(crawl(f"{site.url}/x", depth=1, max_pages=9)) == {
        "x": "ready",
        "y": "crawl_over",
    }


def test_a_cancelled_crawl_reads_no_more(site, user, letters):
    site.link("/", "/a")
    run = services.start_urls([site.url], depth=1, max_pages=9, actor=user)
    services.cancel_run(run, actor=user)

    work_for(60)

    assert (outcome(run), site.asked) == ({"": "skipped"}, [])


def test_pages_count_towards_the_quota(site, crawl, user):
    Quota.objects.create(user=user, documents=2)
    site.link("/", "/a", "/b", "/c")

    run = crawl(site.url, depth=1, max_pages=9)

    assert outcome(run) == {"": "ready"}


def test_bytes_of_pages_count_towards_the_quota(site, crawl, user):
    Quota.objects.create(user=user, stored_bytes=20)
    site.link("/")

    assert outcome(crawl(site.url)) == {"": "quota_exceeded"}


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("ftp://example.org/", {}),
        ("not a url", {}),
        ("https://user:word@example.org/", {}),
        ("https://example.org/", {"depth": 11}),
        ("https://example.org/", {"depth": -1}),
        ("https://example.org/", {"max_pages": 100_001}),
    ],
)
def test_nonsense_is_refused_at_once(user, url, options):
    with pytest.raises(InvalidInput):
        services.start_urls([url], actor=user, **options)

    assert not IngestionRun.all_objects.exists()


def test_a_retried_crawl_has_its_time_again(site, crawl, user):
    run = crawl(f"{site.url}/late")
    site.link("/late")
    long_ago = timezone.now() - timedelta(days=3)
    IngestionRun.objects.filter(pk=run.pk).update(started_at=long_ago)

    services.retry_run(run, actor=user)
    work_for(60)

    assert outcome(run) == {"late": "ready"}


def test_the_version_of_a_page_goes_with_its_document(site, crawl):
    site.link("/")
    site.pages["/"][1]["ETag"] = '"1"'
    crawl(site.url)
    assert WebPage.objects.get().etag == '"1"'

    Document.objects.get().hard_delete()

    assert not WebPage.objects.exists()


def test_a_silent_site_is_asked_again_later(crawl, site, monkeypatch):
    set_crawl(monkeypatch, fetch_seconds=1)
    site.pages["/robots.txt"] = (404, {}, b"")

    def slow(_):
        time.sleep(1.5)
        return 200, {}, b"late"

    site.pages["/"] = slow

    run = crawl(site.url)

    item = run.items.get()
    assert (item.stage, item.error_code) == (Stage.QUEUED, "upstream_unavailable")


def test_a_name_holds_only_what_can_be_shown(site, crawl):
    site.link("/", "/a%00b%0a%E2%80%AEc")
    site.link("/a%00b%0A%E2%80%AEc")

    run = crawl(site.url, depth=1, max_pages=5)

    assert run.items.get(depth=1).name == f"127.0.0.1:{site.port}/abc"
    assert run.items.get(depth=1).stage == Stage.READY
