"""What people read instead of the names of models and fields."""

from django.utils.translation import gettext_lazy as _

from documents.models import (
    Collection,
    CollectionShare,
    Document,
    DocumentShare,
    EmbeddingModel,
    EmbeddingTask,
    Passage,
    PassageEmbedding,
    StoredFile,
    Tag,
)
from youworker.core.labels import name_model

name_model(Collection, _("collection"), _("collections"), is_default=_("personal collection"))
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
    error=_("error"),
)
name_model(PassageEmbedding, _("vector"), _("vectors"), vector=_("vector"))
name_model(
    EmbeddingTask,
    _("document waiting for vectors"),
    _("documents waiting for vectors"),
    priority=_("priority"),
)
