import pytest

PAPER = r"""\documentclass[12pt]{article}
\usepackage[utf8]{inputenc}
\title{On \emph{Zebras}}
\begin{document}
\maketitle
% a secret remark
Costs rise by 50\% a year~\cite{smith}.
\section{Methods}\label{sec:m}
We \textbf{count \emph{stripes}} of animals.
\begin{itemize}
\item first
\item second
\end{itemize}
\subsection*{Größe}
$E = mc^2$ \\ holds.
\end{document}
left over
"""


def test_sections_are_headings_and_commands_are_gone(read):
    parsed = read(PAPER.encode(), "a.tex")

    assert (parsed.title, parsed.mime) == ("On Zebras", "text/x-tex")
    assert parsed.text == (
        "On Zebras\n\nCosts rise by 50% a year [smith].\n\nMethods\n\n"
        "We count stripes of animals.\n\n- first\n- second\n\nGröße\n\n$E = mc^2$\nholds."
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            r"Stra\ss e, na\"{\i}ve, \c{c}a, \v Skoda, \'Etienne",
            "Straße, naïve, ça, Škoda, Étienne",
        ),
        ("``quoted'' -- and~so --- on\\ldots", "“quoted” – and so — on…"),  # noqa: RUF001
        (r"\input{a/b}\include{c}\vspace*{2cm}\includegraphics[width=\textwidth]{p.pdf}end", "end"),
        (r"a\footnote{See \url{http://a.b/c%20d}.} b % gone", "a (See http://a.b/c%20d.) b"),
        (r"\newcommand{\ie}{i.e.\ }\newcommand{\k}[2][x]{#1-#2}\ie\k{y} \k[z]{y}", "i.e. x-y z-y"),
        (r"\def\a{\a\a}\a end", "end"),
        (
            r"\textcolor{red}{word} \href{http://x.y}{link} \any{kept}{too}",
            "word link (http://x.y) kept too",
        ),
        (r"\SI{12}{\kilo\watt} or \qty{3}{\meter\per\second}", "12 kilowatt or 3 meter/second"),
        ("\\[ a_i \\label{eq} \\] and \\(b\\)", "$$a_i $$ and $b$"),
        ("\\begin{align*}\na &= 1\n\\end{align*}", "$$a &= 1$$"),
        (
            "\\begin{table}[ht]\\caption{Sizes}\n\\begin{tabular}{l|r}\\toprule\nTown & "
            '\\multicolumn{2}{c}{Size}\\\\[2pt]\\cmidrule(lr){2-3}\nK\\"oln & \\textbf{7} & 8\\\\\n'
            "\\end{tabular}\\end{table}",
            "Table: Sizes\n\n| Town | Size | |\n| Köln | 7 | 8 |",
        ),
        (
            r"\cite[p.~5]{k,x}\begin{thebibliography}{9}\bibitem{k} Knuth\end{thebibliography}",
            "[1, x, p. 5]\n\nReferences\n\n[1] Knuth",
        ),
        (r"\newtheorem{satz}{Satz}\begin{satz}[P] so.\end{satz}", "Satz (P). so."),
        (r"\begin{enumerate}\item a\item b\end{enumerate}", "1. a\n2. b"),
        (
            r"\begin{verbatim}{x} % 1\end{verbatim}\verb|\y|\begin{comment}no\end{comment}",
            "{x} % 1\n\\y",
        ),
    ],
)
def test_source_is_shown_as_it_is_printed(read, source, text):
    assert read(source.encode(), "a.tex").text == text


@pytest.mark.parametrize(
    "source",
    ["{" * 20_000, "$" * 20_001, r"\begin{verbatim}" * 5000, r"\textbf{" * 5000, r"\item[" * 5000],
)
def test_what_never_ends_is_no_trouble(read, source):
    assert read(f"{source} word".encode(), "a.tex").text.endswith("word")


def test_passages_stand_under_their_sections(read):
    body = PAPER.replace("holds.", "holds. " * 300).replace("animals.", "animals. " * 300)

    headings = [passage.heading for passage in read(body.encode(), "a.tex").passages]

    assert headings[-1] == "Methods > Größe"
    assert "Methods" in headings


def test_a_piece_of_a_document_is_read(read):
    assert read(b"Only \\emph{words}.", "chapter.tex").text == "Only words."
    assert read(b"\\section{Open\nwords", "chapter.tex").text == "Open\nwords"
