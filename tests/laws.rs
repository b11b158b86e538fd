//! Statutes from the file of an operator to the citizen who unfolds a citation.

mod support;

use support::{Data, Server, command};

const KITES: &str = "---\nlaw: 风筝管理条例\nshort: [筝条]\nkind: 地方性法规\nissued: 2024-03-28\neffective: 2024-07-01\nstatus: 现行有效\nsource: 测试\n---\n第一条　风筝线不得横穿道路。\n";
/// 筝条 and 第一条 in an address.
const NAMED: &str = "/api/v1/laws/%E7%AD%9D%E6%9D%A1/%E7%AC%AC%E4%B8%80%E6%9D%A1";

fn json(body: &str) -> serde_json::Value {
    serde_json::from_str(body).expect("JSON")
}

#[tokio::test]
async fn an_imported_article_is_read_over_http() {
    let data = Data::new();
    let server = Server::start(&data);
    let (status, body) = server.get(NAMED).await;
    assert_eq!(
        (status, json(&body)["code"].as_str()),
        (404, Some("no_statutes"))
    );
    drop(server);

    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("kites.md");
    std::fs::write(&file, KITES).expect("writes");
    let import = || {
        let mut import = command(&data);
        import.args(["laws", "import"]).arg(&file);
        import.output().expect("the program runs")
    };
    let done = import();
    assert!(done.status.success(), "{done:?}");
    std::fs::write(&file, KITES.replace("第一条　", "")).expect("writes");
    let refused = import();
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("kites.md, line 10: "), "{said}");

    let server = Server::start(&data);
    let (status, body) = server.get(&format!("{NAMED}?on=2026-11-23")).await;
    let article = json(&body);
    assert_eq!(status, 200, "{body}");
    assert_eq!(article["law"], "风筝管理条例");
    assert_eq!(article["verdict"], "in_force");
    assert_eq!(article["text"], "风筝线不得横穿道路。");
    assert_eq!(article["effective_date"], "2024-07-01");
    let (status, body) = server.get(&format!("{NAMED}?on=2024-06-30")).await;
    assert_eq!(
        (status, &json(&body)["verdict"]),
        (200, &"not_yet_in_force".into())
    );
    for (path, code, status) in [
        ("/api/v1/laws/%E7%AD%9D%E6%9D%A1/2", "no_article", 404),
        ("/api/v1/laws/%E7%AD%9D%E6%9D%A1/x", "bad_field", 400),
        ("/api/v1/laws/%FF/1", "bad_field", 400),
    ] {
        let (found, body) = server.get(path).await;
        assert_eq!(
            (found, json(&body)["code"].as_str()),
            (status, Some(code)),
            "{path}"
        );
    }
}
