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
        "Costs rise by 50% a year .\n\nMethods\n\nWe count stripes of animals.\n\n"
        "- first\n- second\n\nGröße\n\n$E = mc^2$ \n holds."
    )


def test_passages_stand_under_their_sections(read):
    body = PAPER.replace("holds.", "holds. " * 300).replace("animals.", "animals. " * 300)

    headings = [passage.heading for passage in read(body.encode(), "a.tex").passages]

    assert headings[-1] == "Methods > Größe"
    assert "Methods" in headings


def test_a_piece_of_a_document_is_read(read):
    assert read(b"Only \\emph{words}.", "chapter.tex").text == "Only words."
    assert read(b"\\section{Open\nwords", "chapter.tex").text == "\\section{Open\nwords"
