//! `GET /api/v1/laws/{law}/{article}`: the text of an article for whoever unfolds a citation.
//!
//! Laws are public and the same for everybody: any origin may ask, and nothing of a conversation is in a request.

use super::App;
use super::pages::{is_known, tag};
use crate::dialogue::nouns::Verdict;
use crate::kb::statutes::LawIndex;
use crate::law::article::ArticleNo;
use crate::wire::{ArticleText, ErrorCode, ErrorFrame};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, body::Bytes};
use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// An article stays the same until statutes are imported or the day changes.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=600");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-store");
const BAD_ARTICLE: &str = "条号看不懂：请写成 47、276之一 或 第四十七条。";
const BAD_DAY: &str = "日期看不懂：请写成 2026-11-23。";

#[derive(Default, Deserialize)]
pub struct On {
    /// The day that is asked about, today when left out.
    on: Option<String>,
}

pub async fn article(
    State(app): State<Arc<App>>,
    path: Result<Path<(String, String)>, PathRejection>,
    on: Result<Query<On>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let today = crate::clock::china_date(crate::clock::now_ms());
    let index = app.engine.knowledge().law_index();
    let found = match (path, on) {
        (Ok(Path((law, article))), Ok(Query(on))) => {
            look_up(index.as_deref(), &law, &article, on.on.as_deref(), today)
        }
        (Err(_), _) => Err(refusal(ErrorCode::BadField, BAD_ARTICLE)),
        (_, Err(_)) => Err(refusal(ErrorCode::BadField, BAD_DAY)),
    };
    let mut response = found.map_or_else(refused, |text| shown(&text, &headers));
    let set = response.headers_mut();
    set.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The version of an article in force on a day, today when none is named, else the newest one.
fn look_up(
    index: Option<&LawIndex>,
    law: &str,
    article: &str,
    on: Option<&str>,
    today: Date,
) -> Result<ArticleText, ErrorFrame> {
    let Ok(number) = ArticleNo::parse(article) else {
        return Err(refusal(ErrorCode::BadField, BAD_ARTICLE));
    };
    let day = on.map_or(Ok(today), str::parse);
    let Ok(day) = day else {
        return Err(refusal(ErrorCode::BadField, BAD_DAY));
    };
    let Some(index) = index else {
        return Err(ErrorFrame::new(ErrorCode::NoStatutes, None));
    };
    let laws = index.laws();
    let verdict = laws.verdict(law, number, day);
    let newest_first = || laws.versions(law, number).iter().rev();
    let of_verdict = newest_first().find(|row| laws.verdict_of(row, day) == verdict);
    let Some(row) = of_verdict.or_else(|| newest_first().next()) else {
        let message = match verdict {
            Verdict::Repealed => "这部法律已经废止，这台服务器上没有它的条文。",
            Verdict::Unverified => "这台服务器导入的法条里没有这部法律，条文没法在这里显示。",
            _ => "",
        };
        return Err(refusal(ErrorCode::NoArticle, message));
    };
    let written = |day: Option<Date>| day.map(|day| day.to_string());
    Ok(ArticleText {
        law: row.law.to_string(),
        article: row.article_no.to_string(),
        on: day.to_string(),
        verdict,
        text: row.text.to_string(),
        effective_date: written(row.effective_on()),
        version_date: written(row.version_date),
        superseded_on: written(row.superseded_on),
        source: row.source.to_string(),
    })
}

/// 200, or 304 when the client has it.
fn shown(text: &ArticleText, headers: &HeaderMap) -> Response {
    let body = match serde_json::to_vec(text) {
        Ok(body) => body,
        // Strings and a word: there is nothing in it that JSON could not hold.
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let tag = tag(&Sha256::digest(&body).into());
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let json = HeaderValue::from_static("application/json");
        ([(CONTENT_TYPE, json)], Bytes::from(body)).into_response()
    };
    let set = response.headers_mut();
    set.insert(CACHE_CONTROL, CACHE);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        set.insert(ETAG, tag);
    }
    response
}

/// An error with its own message, or that of its code.
fn refusal(code: ErrorCode, message: &str) -> ErrorFrame {
    let mut error = ErrorFrame::new(code, None);
    if !message.is_empty() {
        error.message = message.to_owned();
    }
    error
}

fn refused(error: ErrorFrame) -> Response {
    let status = match error.code {
        ErrorCode::BadField => StatusCode::BAD_REQUEST,
        _ => StatusCode::NOT_FOUND,
    };
    (status, [(CACHE_CONTROL, NO_CACHE)], Json(error)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Sources;
    use axum::http::header::IF_NONE_MATCH;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 23);

    fn row(no: &str, num: u32, effective: &str, passed: &str, end: Option<&str>) -> String {
        serde_json::json!({
            "law": "中华人民共和国风筝法", "law_short": "风筝法", "article_no": no, "article_num": num, "kind": "法律",
            "status": "现行有效", "effective_date": effective, "version_date": passed, "superseded_on": end,
            "text": format!("{passed}的{no}"), "source": "test",
        })
        .to_string()
    }

    fn index() -> LawIndex {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.jsonl");
        let rows = [
            row("第一条", 1, "2001-01-01", "2019-05-01", Some("2027-01-01")),
            row("第一条", 1, "2027-01-01", "2026-08-28", None),
            row(
                "第一条之一",
                1,
                "2020-01-01",
                "2019-05-01",
                Some("2026-01-01"),
            ),
        ];
        std::fs::write(&file, rows.join("\n")).unwrap();
        LawIndex::in_memory(&file, &Sources::default()).unwrap()
    }

    #[test]
    fn the_version_of_the_day_is_given() {
        let index = index();
        let on = |article: &str, on: Option<&str>| {
            look_up(Some(&index), "风筝法", article, on, TODAY).unwrap()
        };
        let now = on("第一条", None);
        assert_eq!(
            (now.law.as_str(), now.article.as_str(), now.on.as_str()),
            ("中华人民共和国风筝法", "第一条", "2026-11-23")
        );
        assert_eq!(
            (now.verdict, now.text.as_str()),
            (Verdict::InForce, "2019-05-01的第一条")
        );
        // The day of the law's first version is not passed off as that of this one.
        assert_eq!(now.effective_date, None);
        assert_eq!(now.superseded_on.as_deref(), Some("2027-01-01"));
        let then = on("1", Some("2027-01-01"));
        assert_eq!(then.text, "2026-08-28的第一条");
        assert_eq!(then.effective_date.as_deref(), Some("2027-01-01"));
        assert_eq!(on("1之一", None).verdict, Verdict::Repealed);
    }

    #[test]
    fn what_is_not_there_is_said_with_a_code() {
        let index = index();
        for (index, law, article, on, code) in [
            (None, "风筝法", "1", None, ErrorCode::NoStatutes),
            (Some(&index), "风筝法", "2", None, ErrorCode::NoArticle),
            (Some(&index), "陀螺法", "1", None, ErrorCode::NoArticle),
            (
                Some(&index),
                "陀螺管理条例",
                "1",
                None,
                ErrorCode::NoArticle,
            ),
            (
                Some(&index),
                "风筝法",
                "一二三四",
                None,
                ErrorCode::NoArticle,
            ),
            (Some(&index), "风筝法", "某条", None, ErrorCode::BadField),
            (
                Some(&index),
                "风筝法",
                "1",
                Some("明天"),
                ErrorCode::BadField,
            ),
        ] {
            let error = look_up(index, law, article, on, TODAY).unwrap_err();
            assert_eq!(error.code, code, "{law} {article}");
            assert!(!error.message.is_empty());
            let status = refused(error).status();
            assert_eq!(
                status == 404,
                code != ErrorCode::BadField,
                "{law} {article}"
            );
        }
        let said = |law: &str| {
            look_up(Some(&index), law, "1", None, TODAY)
                .unwrap_err()
                .message
        };
        assert!(said("陀螺管理条例").contains("没有这部法律"));
        assert!(said("陀螺法").contains("请核对"));
    }

    #[test]
    fn a_known_article_is_not_sent_again() {
        let text = look_up(Some(&index()), "风筝法", "1", None, TODAY).unwrap();
        let first = shown(&text, &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, first.headers()[ETAG].clone());
        assert_eq!(shown(&text, &headers).status(), StatusCode::NOT_MODIFIED);
        let other = ArticleText {
            on: "2026-11-24".to_owned(),
            ..text
        };
        assert_eq!(shown(&other, &headers).status(), StatusCode::OK);
    }
}
