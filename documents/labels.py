"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from documents.models import (
    Collection,
    CollectionShare,
    Document,
    DocumentShare,
    DocumentVersion,
    EmbeddingModel,
    EmbeddingTask,
    EvaluationResult,
    EvaluationRun,
    GoldenQuestion,
    Passage,
    PassageEmbedding,
    StoredFile,
    Tag,
    VersionPassage,
)
from youworker.core.labels import name_model

name_model(
    Collection,
    _("collection"),
    _("collections"),
    is_default=_("personal collection"),
    is_private=_("files of a conversation"),
)
name_model(
    CollectionShare,
    _("sharing of a collection"),
    _("sharings of collections"),
    access=_("access"),
)
name_model(Tag, _("tag"), _("tags"))
name_model(StoredFile, _("stored file"), _("stored files"))
name_model(
    Document,
    _("document"),
    _("documents"),
    renamed=_("renamed"),
    language_chosen=_("language chosen by somebody"),
    text_config=_("language of the word search"),
    pages=_("pages"),
    passage_count=_("passages"),
    version=_("version"),
    version_since=_("version since"),
)
name_model(
    DocumentVersion,
    _("older version"),
    _("older versions"),
    number=_("version"),
    since=_("version since"),
    created_at=_("replaced"),
    pages=_("pages"),
    passage_count=_("passages"),
)
name_model(
    VersionPassage,
    _("passage of an older version"),
    _("passages of older versions"),
    version=_("version"),
    passage_id=_("passage"),
    ordinal=_("number"),
    text=_("text"),
)
name_model(DocumentShare, _("sharing of a document"), _("sharings of documents"))
name_model(
    Passage,
    _("passage"),
    _("passages"),
    ordinal=_("number"),
    text=_("text"),
)
name_model(
    EmbeddingModel,
    _("embedding model"),
    _("embedding models"),
    provider=_("provider"),
    dimensions=_("dimensions"),
    query_prompt=_("before a question"),
    passage_prompt=_("before a passage"),
    active=_("answers searches"),
    active_until=_("answered searches until"),
    error=_("error"),
)
name_model(PassageEmbedding, _("vector"), _("vectors"), vector=_("vector"))
name_model(
    EmbeddingTask,
    _("document waiting for vectors"),
    _("documents waiting for vectors"),
    priority=_("priority"),
)
name_model(
    GoldenQuestion,
    _("golden question"),
    _("golden questions"),
    question=_("question"),
    addresses=_("right addresses"),
    document_ids=_("ids of right documents"),
    passage=_("words of the right passage"),
    answer=_("what a right answer says"),
    follows=_("asked after"),
    unanswerable=_("nobody can answer it"),
    note=_("note"),
    author=_("author"),
)
name_model(
    EvaluationRun,
    _("evaluation of the search"),
    _("evaluations of the search"),
    model_name=_("embedding model"),
    mode=_("mode"),
    searcher=_("with whose rights"),
    total=_("questions"),
    error=_("error"),
)
name_model(
    EvaluationResult,
    _("place of a right document"),
    _("places of right documents"),
    question=_("question"),
    place=_("place"),
    found=_("right documents among ten"),
    expected=_("right documents"),
    crosses=_("across languages"),
)
