"""Files that come in, are found, downloaded, deleted, restored and exported."""

from __future__ import annotations

import asyncio
import hashlib
import io
import random
import secrets
import zipfile
from typing import TYPE_CHECKING, Any

from youworker.tests.bench.raw import send_request
from youworker.tests.bench.soak.files import make_docx, make_files
from youworker.tests.bench.soak.ledger import LoadFault
from youworker.tests.bench.soak.log import OK

if TYPE_CHECKING:
    from youworker.tests.bench.soak.user import User

FILES_PER_UPLOAD = 3
# More are deleted, so that search and exports do not grow with the length of the load.
MOST_DOCUMENTS = 12
# A purge that began in the meantime must notice what comes back.
LONGEST_DELETED = 3.0
LARGE_BYTES = 3 * 2**20
# A download of some seconds over a connection that holds little.
PIECE_BYTES, PIECE_SECONDS, PIECE_BUFFER = 32 * 1024, 0.05, 8192


async def upload_and_search(user: User) -> None:
    """Upload files of several formats, find them by a word of theirs, and read their tags."""
    word = "soak" + secrets.token_hex(5)
    names = list(make_files(word).items())
    chosen = dict(random.sample(names, FILES_PER_UPLOAD))
    found = await upload(user, chosen, tags=[word])
    for mode in ("keyword", "hybrid"):
        wanted = {"query": word, "mode": mode, "limit": 20}
        searched = await user.call(f"search {mode}", "POST", "/v1/search", json=wanted)
        hits = {hit["document"]["id"] for hit in searched.json()["results"]}
        if missing := set(found.values()) - hits:
            names_missing = [name for name, pk in found.items() if pk in missing]
            raise LoadFault(f"search: {mode} did not find a ready document", f"{names_missing}")
    listed = await user.get("documents list", f"/v1/documents?tag={word}")
    if listed["count"] != len(found):
        raise LoadFault("documents: the tag lists another number", f"{listed['count']} of {word}")
    for document in found.values():
        expect_document(user, document)
    while len(user.documents) > MOST_DOCUMENTS:
        await delete_document(user, user.documents.popleft())


async def upload(user: User, files: dict[str, bytes], **fields: Any) -> dict[str, str]:
    """Upload files and wait until they are ready; the document of each name."""
    parts = [("files", (name, content)) for name, content in files.items()]
    path = "/v1/ingestion/uploads"
    accepted = await user.call("upload", "POST", path, expect=(202,), files=parts, data=fields)
    path = f"/v1/ingestion/runs/{accepted.json()['id']}"

    async def look() -> bool:
        run = await user.get("ingestion run read", path)
        return run["status"] not in ("queued", "running")

    with user.ledger.time("upload until ready"):
        await user.poll("upload: an accepted upload did not end", look)
    items = (await user.get("ingestion items list", f"{path}/items"))["results"]
    for item in items:
        if item["stage"] != "ready" or not item["document_id"]:
            kind = item["name"].rpartition(".")[2]
            raise LoadFault(f"upload: a {kind} file is {item['stage']}", f"{item}")
    return {item["name"]: item["document_id"] for item in items}


async def upload_large(user: User) -> None:
    """Store an original that downloads slowly."""
    content = make_docx("Nobody reads this.", padding=LARGE_BYTES)
    (document,) = (await upload(user, {"large.docx": content})).values()
    user.ledger.documents[document] = user.key
    user.large = document, hashlib.sha256(content).hexdigest()


def expect_document(user: User, document: str) -> None:
    """Note that a document has to be there from now on."""
    user.documents.append(document)
    user.ledger.documents[document] = user.key


async def delete_document(user: User, document: str) -> None:
    """Delete a document, which need not be there any more."""
    user.ledger.documents.pop(document, None)
    await user.call("document delete", "DELETE", f"/v1/documents/{document}", expect=(204,))


async def delete_and_restore(user: User) -> None:
    """Delete a document and restore it; it is there unless the answer says that it is gone."""
    if not user.documents:
        return
    document = user.documents.popleft()
    await delete_document(user, document)
    await asyncio.sleep(random.uniform(0, LONGEST_DELETED))
    path = f"/v1/documents/{document}"
    # 404 when the purge was there first.
    restored = await user.call("document restore", "POST", f"{path}/restore", expect=(200, 404))
    if restored.status_code == OK:
        expect_document(user, document)
        for part in (path, f"{path}/passages", f"{path}/content"):
            answer = await user.call("document read", "GET", part, expect=(200, 404))
            if answer.status_code != OK:
                raise LoadFault("document: one that was restored is gone", part)


async def download_slowly(user: User) -> None:
    """Read a large original in small pieces, and compare it with what was uploaded."""
    document, digest = user.large
    headers = {"Authorization": f"Bearer {user.key}"}
    path, got = f"/v1/documents/{document}/content", hashlib.sha256()
    with user.ledger.time("download slowly"):
        async with send_request(user.address, path, headers, receive_buffer=PIECE_BUFFER) as answer:
            if answer.status != OK:
                raise LoadFault(f"download: answered with {answer.status}")
            while piece := await answer.reader.read(PIECE_BYTES):
                got.update(piece)
                await asyncio.sleep(PIECE_SECONDS)
    if got.hexdigest() != digest:
        raise LoadFault("download: the bytes are not those that were uploaded", document)


async def export_everything(user: User) -> None:
    """Have an export made, and open it."""
    proof = {"password": user.person.password}
    asked = await user.call("export", "POST", "/v1/account/exports", expect=(202,), json=proof)
    path = f"/v1/account/exports/{asked.json()['id']}"

    async def look() -> bool:
        return (await user.get("export read", path))["status"] not in ("queued", "running")

    with user.ledger.time("export until ready"):
        await user.poll("export: it did not end", look)
    package = await user.call("export download", "GET", f"{path}/download")
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        if archive.testzip() is not None or not archive.namelist():
            raise LoadFault("export: the package is damaged", path)
