"""What programs ask for themselves beside people's questions: titles, tags, search queries.

Whoever asked a question sees nothing of these. They concern no document, so a model answers them
as they are worded; nothing is kept but what it used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat.openai.asked import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What Open WebUI sends where an administrator has it say `{{TASK}}` in a header of this name.
TASK_HEADER = "X-OpenWebUI-Task"
# Its names. Whatever else somebody calls a task in their metadata is a label of their own.
TASKS = frozenset(
    (
        "title_generation",
        "tags_generation",
        "follow_up_generation",
        "query_generation",
        "emoji_generation",
        "autocomplete_generation",
        "image_prompt_generation",
        "function_calling",
    )
)
# Instructions stand at the beginning or at the end; between them may be a long conversation.
LOOKED_AT = 2500
# Open WebUI's, in any language: the conversation in a tag, and the member its answer is read by.
HISTORY = ("<chat_history>", "</chat_history>")
MEMBERS = ('"title"', '"tags"', '"follow_ups"', '"queries"', '"text"', '"prompt"')
# What nobody says who has a question. All signs of a line have to be there, in small letters and
# with one space between words.
SIGNS: tuple[tuple[str, ...], ...] = (
    # Open WebUI, without a conversation
    ("your task is to reflect the speaker's likely facial expression through a fitting emoji",),
    ("available tools:", "return the correct tool(s) from the list", '"tool_calls"'),
    # LibreChat
    ("5-word-or-less title for the conversation",),
    ("analyze this conversation and provide", "detected language", "title"),
    ("generate a concise title (max 40 characters) for a conversation that starts with",),
    # LobeChat
    ("you are a professional conversation summarizer.", "output only the title text"),
    ("需要将用户的会话总结为", "的标题"),
    # Cherry Studio
    ("you need to summarize the user's conversation into a title within 10 words",),
    # Chatbox
    ("name the conversation based on the chat records",),
    ("based on the chat history, give this conversation a name",),
    # NextChat, in both languages of ours
    ("generate a four to five word title summarizing our conversation",),
    ("un titolo di quattro o cinque parole che riassuma la nostra conversazione",),
    ("discussion briefly in 200 words or less to use as a prompt for future context",),
    ("riassumi brevemente la nostra discussione in 200 caratteri o meno",),
    # Page Assist, and Open WebUI as it was
    ("create a concise, 3-5 word phrase as a title for the", "query"),
    # Continue
    ("please reply with a title for the chat that is 3-4 words",),
    # Zed
    ("generate a concise 3-7 word title for this conversation",),
    # Hugging Face's Chat UI
    ("you are a chat thread titling assistant",),
    # OpenCode, Crush
    ("you are a title generator. you output only a thread title",),
    ("you will generate a short title based on the first message a user begins a conversation",),
    # n8n
    ("generate a concise, descriptive title for this conversation based on the user's message",),
)


def is_housekeeping(form: Mapping[str, Any], header: str | None) -> bool:
    """Whether a validated request is a program's own; told by it, or known by its words."""
    told = (form.get("metadata") or {}).get("task")
    if (isinstance(told, str) and told in TASKS) or header in TASKS:
        return True
    spoken = form["messages"]
    return any(is_instruction(text_of(spoken[place]["content"]), spoken) for place in {0, -1})


def is_instruction(text: str, spoken: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the first or the last message says what no person says."""
    if asks_about_history(text):
        return sum(message["role"] not in {"system", "developer"} for message in spoken) == 1
    ends = f"{text[:LOOKED_AT]} {text[-LOOKED_AT:]}" if len(text) > LOOKED_AT else text
    words = " ".join(ends.split()).lower()
    return any(all(sign in words for sign in signs) for signs in SIGNS)


def asks_about_history(text: str) -> bool:
    """Whether a text has a conversation in Open WebUI's tag, and asks for JSON about it."""
    begin, end = text.find(HISTORY[0]), text.rfind(HISTORY[1])
    if not 0 <= begin < end:
        return False
    around = text[:begin] + text[end:]
    return any(member in around for member in MEMBERS)


def without_images(form: Mapping[str, Any]) -> dict[str, Any]:
    """The request with texts alone: a title needs no images, and many models see none."""
    messages = [
        {**message, "content": text_of(message["content"])}
        if isinstance(message["content"], list)
        else message
        for message in form["messages"]
    ]
    return {**form, "messages": messages}
