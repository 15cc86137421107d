from documents.text import identifiers, indexable


def test_indexable_splits_compounds_and_camel_case():
    found = indexable("call os.path.join and HTTPServer with lru_cache")

    assert found.words == "call os path join and HTTP Server with lru cache"


def test_identifiers_keeps_compounds_whole_and_in_pairs():
    assert identifiers("os.path.join --dry-run C++ ThreadPool a/b") == [
        "os.path.join",
        "os.path",
        "path.join",
        "dry-run",
        "a/b",
        "--dry-run",
        "c++",
        "threadpool",
    ]


def test_identifiers_leaves_plain_words_and_monsters_out():
    assert identifiers("plain words, only. x." + "y" * 100) == []
