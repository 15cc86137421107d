# ruff: noqa: RUF001, E501 -- letters of other alphabets look like Latin ones, and are wide
import pytest

from documents.quoting.questions import single_question
from documents.quoting.sentence_ranking import Passage, best_quotes
from documents.quoting.sentences import split_sentences
from documents.quoting.words import reader_of

ANSWERS = [
    (
        "zh",
        "年假有多少天？",
        "员工手册第三章说明假期。每位员工的年假为三十天。病假需要医生证明。加班按小时计算。",
        "每位员工的年假为三十天。",
    ),
    (
        "zh",
        "公司的总部在什么地方？",
        "我们成立于一九九八年。公司总部位于柏林，另有两个分公司。产品销往四十个国家。",
        "公司总部位于柏林，另有两个分公司。",
    ),
    (
        "zh",
        "如何重置密码？",
        "登录后可以查看账单。要重置密码，请点击登录页面上的“忘记密码”。密码至少十二个字符。",
        "要重置密码，请点击登录页面上的“忘记密码”。",
    ),
    (
        "ja",
        "有給休暇は何日ですか？",
        "就業規則を定める。有給休暇は年に二十日です。病気のときは診断書を出してください。",
        "有給休暇は年に二十日です。",
    ),
    (
        "ja",
        "請求書の支払期限はいつですか？",
        "毎月末に締めます。請求書の支払期限は翌月の十五日です。遅れた場合は利息がかかります。",
        "請求書の支払期限は翌月の十五日です。",
    ),
    (
        "ko",
        "연차 휴가는 며칠입니까?",
        "회사는 서울에 있습니다. 연차 휴가는 일 년에 이십오 일입니다. 병가는 진단서가 필요합니다.",
        "연차 휴가는 일 년에 이십오 일입니다.",
    ),
    (
        "th",
        "พนักงานลาพักร้อนได้กี่วัน",
        "บริษัทตั้งอยู่ในกรุงเทพมหานครใกล้สถานีรถไฟฟ้าอโศก พนักงานลาพักร้อนได้ปีละยี่สิบวันทำการโดยได้รับค่าจ้าง"
        " การลาป่วยต้องมีใบรับรองแพทย์จากโรงพยาบาลของรัฐ",
        "พนักงานลาพักร้อนได้ปีละยี่สิบวันทำการโดยได้รับค่าจ้าง",
    ),
    (
        "hi",
        "वार्षिक अवकाश कितने दिन का है?",
        "कंपनी दिल्ली में है। कर्मचारियों का वार्षिक अवकाश तीस दिन का है। बीमारी में प्रमाणपत्र चाहिए।",
        "कर्मचारियों का वार्षिक अवकाश तीस दिन का है।",
    ),
    (
        "fr",
        "Quand ouvre la cafeteria ?",
        "Le musée est fermé le lundi. La cafe\u0301te\u0301ria ouvre à neuf heures. L\u2019entrée est libre.",
        "La cafe\u0301te\u0301ria ouvre à neuf heures.",
    ),
]


@pytest.mark.parametrize(("language", "asked", "text", "quote"), ANSWERS)
def test_the_sentence_that_answers_is_quoted(language, asked, text, quote):
    question = single_question(asked, reader_of(language))
    others = Passage(2, "The office closes at six. Bring your badge.", "Office")

    quotes = best_quotes(question, [Passage(1, text, "x"), others])

    assert [found.text for found in quotes] == [quote]
    assert quote in text


def test_what_is_about_something_else_is_not_quoted():
    question = single_question("年假有多少天？", reader_of("zh"))

    assert best_quotes(question, [Passage(1, "公司总部位于柏林。产品销往四十个国家。", "x")]) == []


def test_lines_that_are_wrapped_in_a_word_are_one_sentence():
    text = "机器学习是人工智能的一个重要分支，研究计算机怎样从数\n据中学习规律。第二句在这里结束。"

    assert split_sentences(text) == [
        "机器学习是人工智能的一个重要分支，研究计算机怎样从数据中学习规律。",
        "第二句在这里结束。",
    ]


def test_short_lines_in_chinese_are_headings():
    assert split_sentences("第三章 假期\n每位员工的年假为三十天。") == [
        "第三章 假期",
        "每位员工的年假为三十天。",
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [("ខ្ញុំទៅផ្សារ។ គាត់ទៅសាលា។", 2), ("ကျွန်တော်သွားတယ်။ သူလာတယ်။", 2), ("สั้น มาก", 1)],
)
def test_sentences_end_as_their_script_ends_them(text, count):
    assert len(split_sentences(text)) == count


def test_signs_of_vowels_do_not_divide_words():
    assert reader_of("hi").terms("हिन्दी भाषा") == reader_of("hi").terms("हिन्दी  भाषा")
    assert len(reader_of("hi").terms("हिन्दी भाषा")) == 2
    assert reader_of("he").terms("שָׁלוֹם") == reader_of("he").terms("שלום")


def test_words_of_two_scripts_are_divided():
    assert reader_of("zh").terms("iPhone手机") == ["iphone", "手机"]
