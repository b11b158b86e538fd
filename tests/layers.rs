//! Imports go downwards only, and the pure modules stay pure.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Modules from the top down; a module may import those of lower levels.
const LEVELS: [&[&str]; 7] = [
    &["cli", "main"],
    &["http", "eval"],
    &["channels"],
    &["engine", "people"],
    &["knowledge", "store", "hub"],
    &["reading", "kb", "config", "wire"],
    &["law", "dialogue", "clock"],
];

/// Imports within a level.
const BESIDE: [(&str, &str); 4] = [
    ("main", "cli"),
    ("kb", "reading"),
    ("law", "dialogue"),
    ("clock", "dialogue"),
];

/// What the pure modules must not name: I/O, clocks, threads, randomness, libraries of the edges.
const IMPURE: [&str; 12] = [
    "std::fs",
    "std::net",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::thread",
    "std::env",
    "std::process",
    "tokio",
    "axum",
    "sled",
    "getrandom",
    "println!",
];

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The module of the first level that a file belongs to.
fn module_of(path: &Path) -> String {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let inside = path.strip_prefix(src).expect("below src");
    let first = inside.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a file without its tests and comments.
fn code_of(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a file");
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for prefix in ["crate::", "faxun::"] {
        for (at, _) in code.match_indices(prefix) {
            let rest = &code[at + prefix.len()..];
            let name: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            found.insert(name);
        }
    }
    found
}

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|l| l.contains(&module))
}

/// Every source file but those that only hold tests.
fn sources() -> Vec<PathBuf> {
    let mut all = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    all.retain(|path| {
        let test = path.to_string_lossy().ends_with("tests.rs");
        !test && path.components().all(|c| c.as_os_str() != "tests")
    });
    all
}

#[test]
fn imports_go_downwards() {
    let mut wrong = Vec::new();
    for path in sources() {
        let module = module_of(&path);
        if module == "lib" || module == "wire_ts" {
            continue;
        }
        let own = level(&module).unwrap_or_else(|| panic!("{module} has no level: give it one"));
        for import in imports(&code_of(&path)) {
            let Some(theirs) = level(&import) else {
                continue;
            };
            let beside = BESIDE.contains(&(module.as_str(), import.as_str()));
            if import != module && theirs <= own && !beside {
                wrong.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_pure_modules_stay_pure() {
    let mut wrong = Vec::new();
    for path in sources() {
        if !matches!(module_of(&path).as_str(), "dialogue" | "law") {
            continue;
        }
        let code = code_of(&path);
        for name in IMPURE.iter().filter(|n| code.contains(**n)) {
            wrong.push(format!("{} names {name}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn foreign_types_stay_in_their_rooms() {
    let rooms = [("axum", "http"), ("sled::", "store")];
    let mut wrong = Vec::new();
    for path in sources() {
        let module = module_of(&path);
        let code = code_of(&path);
        for (library, room) in rooms {
            let named =
                code.contains(&format!("use {library}")) || code.contains(&format!(" {library}::"));
            let ours = module == room || (library == "sled::" && module == "cli");
            if named && !ours {
                wrong.push(format!("{} names {library}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
