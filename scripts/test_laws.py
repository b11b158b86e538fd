"""Tests of laws.py on a made-up package: `python3 -m unittest discover scripts`."""

import contextlib
import io
import json
import sqlite3
import tempfile
import unittest
import zipfile
from pathlib import Path

import laws

SCHEMA = """
CREATE TABLE laws (law_id TEXT PRIMARY KEY, law_name TEXT NOT NULL, doc_type TEXT, level TEXT, issuing_body TEXT,
    publish_date TEXT, effective_date TEXT, version_date TEXT, status TEXT, law_department TEXT);
CREATE TABLE articles (id INTEGER PRIMARY KEY, law_id TEXT NOT NULL, law_name TEXT NOT NULL, law_department TEXT,
    level TEXT, status TEXT, chapter TEXT, section TEXT, article_no TEXT, article_no_arabic INTEGER, article_text TEXT,
    char_count INTEGER);
"""
KITE, TOP = "中华人民共和国风筝法", "中华人民共和国陀螺法"
PENAL, AMENDMENT = "中华人民共和国刑法", "中华人民共和国刑法修正案（九十九）"
# Title, kind, label, day of effect, day of passing, articles.
KITES = [
    (KITE, "法律", "历史版本", "2001-01-01", "2010-05-01", ["旧的。", "旧二。"]),
    (KITE, "法律", "现行有效", "2027-03-01", "2026-06-01", ["新的。\n第二编 分 则", "《风筝条例》同时废止。"]),
]


def correction(**more) -> dict:
    one = {"law": TOP, "version_date": "2018-01-01", "expect": {"status": "已废止"}, "set": {"status": "存疑（试）"}}
    return {**one, "reason": "why", "source": "where", **more}


def wheel(directory: Path, texts: list) -> Path:
    database, out = directory / "laws.db", directory / "package.whl"
    database.unlink(missing_ok=True)
    connection = sqlite3.connect(database)
    connection.executescript(SCHEMA)
    for number, (law, kind, status, effective, passed, articles) in enumerate(texts):
        row = (str(number), law, kind, kind, "", passed, effective, passed, status, "")
        connection.execute("INSERT INTO laws VALUES (?,?,?,?,?,?,?,?,?,?)", row)
        for at, text in enumerate(articles, 1):
            no = f"第{'零一二三四五六七八九'[at]}条"
            values = (str(number), law, "", "", status, "", "", no, at, text, len(text))
            connection.execute(f"INSERT INTO articles VALUES (NULL,{','.join('?' * 11)})", values)
    connection.commit()
    connection.close()
    with zipfile.ZipFile(out, "w") as package:
        package.write(database, laws.DATABASE)
    return out


def converted(texts: list, corrections: list = ()) -> tuple[int, list[dict], list[dict], str]:
    """Exit code, rows, repealed titles, what was said."""
    with tempfile.TemporaryDirectory() as name:
        directory, said = Path(name), io.StringIO()
        data = {"package": "made up", "labels_as_of": "2026-11-23", "corrections": list(corrections)}
        (directory / "corrections.json").write_text(json.dumps(data), encoding="utf-8")
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = laws.main(str(wheel(directory, texts)), str(directory / "corrections.json"), name)
        read = [[], []]
        for at, file in enumerate(("statutes.jsonl", "repealed-names.jsonl")):
            if (directory / file).exists():
                read[at] = [json.loads(line) for line in (directory / file).read_text(encoding="utf-8").splitlines()]
        return code, *read, said.getvalue()


class Laws(unittest.TestCase):
    def test_days_decide_and_not_labels(self):
        code, rows, repealed, said = converted(KITES)
        self.assertEqual(code, 0, said)
        old, new = rows[0], rows[2]
        self.assertEqual((old["status"], old["effective_date"], old["superseded_on"]), ("现行有效", None, "2027-03-01"))
        self.assertEqual((new["status"], new["effective_date"], new["superseded_on"]), ("尚未施行", "2027-03-01", None))
        self.assertEqual((new["law_short"], new["article_num"], new["text"]), ("风筝法", 1, "新的。"))
        self.assertEqual(repealed, [{"name": "风筝条例", "repealed_on": "2027-03-01", "by": f"{KITE}第二条"}])

    def test_a_next_text_of_unknown_day_ends_nothing(self):
        later = (KITE, "法律", "现行有效", "2001-01-01", "2026-06-01", ["新的。", "新二。"])
        _, rows, _, said = converted([KITES[0], later])
        self.assertEqual([r["superseded_on"] for r in rows], [None] * 4, said)
        self.assertEqual([r["status"] for r in rows], ["历史版本"] * 2 + ["现行有效"] * 2)

    def test_a_decision_dates_the_text_it_amended(self):
        decision = (f"关于修改《{TOP}》的决定", "修改决定", "现行有效", "2026-01-01", "2025-10-28", ["改。"])
        law = (TOP, "法律", "现行有效", "2025-10-28", "2025-10-28", ["甲。", "乙。"])
        _, rows, _, said = converted([decision, law])
        self.assertEqual([r["effective_date"] for r in rows], ["2026-01-01"] * 2, said)

    def test_a_correction_fits_or_stops_everything(self):
        law = (TOP, "法律", "已废止", "2018-01-01", "2018-01-01", ["甲。"])
        code, rows, _, said = converted([law], [correction()])
        self.assertEqual((code, rows[0]["status"]), (0, "存疑（试）"), said)
        mended = (TOP, "法律", "现行有效", "2018-01-01", "2018-01-01", ["甲。"])
        for texts, wrong in [
            ([mended], correction()),
            ([law], correction(version_date="2019-01-01")),
            ([law], correction(source="")),
            ([law], correction(set={"colour": "red"})),
        ]:
            code, rows, _, said = converted(texts, [wrong])
            self.assertEqual((code, rows), (1, []), said)
            self.assertIn(TOP, said)

    def test_an_amendment_rewrites_articles_and_paragraphs(self):
        old = (PENAL, "法律", "已被修改", "1997-10-01", "2020-12-26", ["一。", "二：\n（一）甲；\n二之二。", "三。"])
        items = [
            '将刑法第一条修改为："新一。\n"新款。"',
            '将刑法第二条第一款修改为："新二：\n"（一）乙；\n"（二）丙。"',
            "本修正案自2024年3月1日起施行。",
        ]
        amendment = (AMENDMENT, "修正案", "现行有效", "2024-03-01", "2023-12-29", items)
        by = correction(law=PENAL, version_date="2020-12-26", expect={"status": "已被修改"}, amended_by=AMENDMENT)
        del by["set"]
        code, rows, _, said = converted([old, amendment], [by])
        self.assertEqual(code, 0, said)
        new = {r["article_no"]: r["text"] for r in rows if r["version_date"] == "2023-12-29"}
        self.assertEqual(new, {"第一条": "新一。\n新款。", "第二条": "新二：\n（一）乙；\n（二）丙。\n二之二。"})
        was = {r["article_no"]: (r["status"], r["superseded_on"]) for r in rows if r["version_date"] == "2020-12-26"}
        ended = ("历史版本", "2024-03-01")
        self.assertEqual(was, {"第一条": ended, "第二条": ended, "第三条": ("现行有效", None)})
        self.assertNotIn(AMENDMENT, {r["law"] for r in rows})
        items[0] = "在刑法中删去第一条。"
        self.assertEqual(converted([old, amendment], [by])[0], 1)
        self.assertEqual(converted([old, amendment])[0], 1)

    def test_a_file_that_is_not_the_package(self):
        with tempfile.TemporaryDirectory() as name:
            broken = Path(name) / "package.whl"
            broken.write_bytes(b"no zip")
            corrections = Path(name) / "corrections.json"
            corrections.write_text('{"corrections": []}', encoding="utf-8")
            with contextlib.redirect_stderr(io.StringIO()):
                self.assertEqual(laws.main(str(broken), str(corrections), name), 1)


if __name__ == "__main__":
    unittest.main()
