//! Keeps `web/src/wire.ts` equal to the frames: compares, and writes it when `FAXUN_BLESS=1`.

use crate::dialogue::nouns::{NOTE_CHARS_MAX, TEXT_CHARS_MAX};
use crate::dialogue::ticket::TicketAct;
use crate::wire::{
    ArticleText, ClientFrame, CloseCode, DESK_PROTOCOL, DeskClientFrame, DeskServerFrame,
    PAGE_MESSAGES_MAX, PROTOCOL, ServerFrame, TicketItem, UNACKED_MAX,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use ts_rs::{Config, TS, TypeVisitor};

/// Every type that the frames reach: its comment and declaration, by name.
struct Types<'a> {
    config: &'a Config,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Types<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Only types of our own have a file to be exported to.
        if T::output_path().is_none() {
            return T::visit_dependencies(self);
        }
        let name = T::ident(self.config);
        if self.found.contains_key(&name) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        let text = format!("{docs}export {}\n", T::decl(self.config));
        self.found.insert(name, text);
        T::visit_dependencies(self);
    }
}

fn assemble() -> String {
    let config = Config::default();
    let mut types = Types {
        config: &config,
        found: BTreeMap::new(),
    };
    types.visit::<ClientFrame>();
    types.visit::<ServerFrame>();
    types.visit::<DeskClientFrame>();
    types.visit::<DeskServerFrame>();
    types.visit::<ArticleText>();
    types.visit::<TicketItem>();
    types.visit::<TicketAct>();

    let mut text = String::from(
        "// Generated from src/wire.rs and src/dialogue/nouns.rs by `make wire`. Do not edit.\n\n",
    );
    for (name, value) in [("PROTOCOL", PROTOCOL), ("DESK_PROTOCOL", DESK_PROTOCOL)] {
        writeln!(text, "export const {name} = {value:?};").unwrap();
    }
    let numbers = [
        ("TEXT_CHARS_MAX", TEXT_CHARS_MAX),
        ("NOTE_CHARS_MAX", NOTE_CHARS_MAX),
        ("UNACKED_MAX", UNACKED_MAX),
        (
            "PAGE_MESSAGES_MAX",
            usize::try_from(PAGE_MESSAGES_MAX).unwrap(),
        ),
        ("CLOSE_RESYNC", usize::from(CloseCode::Resync.number())),
    ];
    for (name, value) in numbers {
        writeln!(text, "export const {name} = {value};").unwrap();
    }
    for declaration in types.found.values() {
        text.push('\n');
        text.push_str(declaration);
    }
    text
}

#[test]
fn the_widgets_types_are_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/src/wire.ts");
    let expected = assemble();
    if std::env::var_os("FAXUN_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "web/src/wire.ts is out of date: run `make wire`"
    );
}
