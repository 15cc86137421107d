"""What stands before questions and passages, by the model that reads them."""

import pytest

from documents.embedding import Prompts, prompts_for
from documents.embedding.prompts import RETRIEVE, known_prompts
from documents.enums import Provider
from documents.models import EmbeddingModel
from documents.search import search
from documents.services.embedding_models import prepare_model
from documents.services.embeddings import ensure_active_model
from documents.tests.factories import DocumentFactory, embed, write
from documents.tests.fakes import LetterEmbedder

E5 = Prompts("query: ", "passage: ")
NOMIC = Prompts("search_query: ", "search_document: ")
BGE = "Represent this sentence for searching relevant passages: "


@pytest.mark.parametrize(
    ("name", "prompts"),
    [
        ("multilingual-e5-small-int8", E5),
        ("intfloat/e5-base-v2", E5),
        ("hf.co/someone/multilingual-E5-large-GGUF:Q8_0", E5),
        ("intfloat/multilingual-e5-large-instruct", Prompts(f"Instruct: {RETRIEVE}\nQuery: ")),
        ("nomic-embed-text:latest", NOMIC),
        ("text-embedding-nomic-embed-text-v1.5", NOMIC),
        ("Qwen/Qwen3-Embedding-0.6B", Prompts(f"Instruct: {RETRIEVE}\nQuery:")),
        ("embeddinggemma:300m", Prompts("task: search result | query: ", "title: none | text: ")),
        ("BAAI/bge-small-en-v1.5", Prompts(BGE)),
        ("bge-m3", Prompts()),
        ("snowflake-arctic-embed2:568m", Prompts("query: ")),
        ("snowflake-arctic-embed-l-v2.0", Prompts("query: ")),
        ("snowflake-arctic-embed:335m", Prompts(BGE)),
        ("text-embedding-3-small", Prompts()),
        ("all-MiniLM-L6-v2-int8", Prompts()),
        ("granite-embedding:278m", Prompts()),
        ("", Prompts()),
    ],
)
def test_known_models_get_what_they_were_trained_with(name, prompts):
    assert known_prompts(name) == prompts


def test_settings_say_it_for_the_model_they_name_and_no_other(configured):
    configured(
        "vector",
        embedding_base_url="http://127.0.0.1:9/v1",
        embedding_model="nomic-embed-text",
        embedding_query_prompt="Frage:\\n",
        embedding_passage_prompt="none",
    )

    assert prompts_for("nomic-embed-text") == Prompts("Frage:\n", "")
    assert prompts_for("multilingual-e5-base") == E5
    assert prompts_for("multilingual-e5-base", passage="text: ") == Prompts("query: ", "text: ")


def test_settings_without_a_server_say_it_for_the_local_model_they_ask_for(configured):
    configured("vector", embedding_query_prompt="ask: ")

    assert prompts_for("multilingual-e5-small-int8") == Prompts("ask: ", "passage: ")
    assert prompts_for("all-MiniLM-L6-v2-int8") == Prompts()


class ReadingEmbedder(LetterEmbedder):
    """Remembers what it was given."""

    def __init__(self):
        super().__init__()
        self.read = []

    def embed(self, texts):
        self.read += texts
        return super().embed(texts)


@pytest.fixture
def embedder(use):
    """The active model, which remembers what it was given."""
    made = ReadingEmbedder()
    use(made, active=True)
    return made


def test_questions_and_passages_are_read_with_their_prompts(embedder):
    EmbeddingModel.objects.update(query_prompt="ask: ", passage_prompt="say: ")
    document = DocumentFactory(title="Guide")
    write(document, "The boiler is in the cellar.")

    embed()
    search("Where is the boiler?", actor=document.owner)

    assert embedder.read == [
        "say: Guide\nThe boiler is in the cellar.",
        "ask: Where is the boiler?",
    ]


def test_another_prompt_for_questions_is_asked_with_at_once(embedder):
    owner = DocumentFactory().owner

    for prompt in ("", "one: ", "two: ", "one: "):
        EmbeddingModel.objects.update(query_prompt=prompt)
        search("boiler", actor=owner)

    assert embedder.read == ["boiler", "one: boiler", "two: boiler"]


@pytest.mark.django_db
def test_a_new_installation_begins_with_the_prompts_of_its_model():
    model = ensure_active_model()

    assert (model.name, model.query_prompt, model.passage_prompt) == (
        "multilingual-e5-small-int8",
        *E5,
    )


@pytest.mark.django_db
def test_vectors_made_without_prompts_stay_beside_those_made_with_them(letters, configured):
    configured("vector", embedding_base_url="http://127.0.0.1:9/v1")
    bare = Prompts()
    given = (Provider.OPENAI, "nomic-embed-text", 8)

    old = prepare_model(*given, prompts=bare)
    new = prepare_model(*given)
    again = prepare_model(*given, prompts=Prompts("find: ", NOMIC.passage))

    assert old.passage_prompt == ""
    assert old.pk != new.pk == again.pk
    assert (new.query_prompt, new.passage_prompt) == NOMIC
    assert again.query_prompt == "find: "
