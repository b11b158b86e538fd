//! The flat XML of 微信 and 企业微信: `<xml><Key>value</Key>…</xml>`. No DTD, no entities but XML's own five.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use std::collections::HashMap;

/// Elements within elements: the platforms nest three deep.
const DEPTH_MAX: usize = 8;
/// Fields of one message.
const FIELDS_MAX: usize = 128;

/// Why XML was refused. Never says what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    #[error("no well-formed XML")]
    Malformed,
    #[error("document types and entities are not taken")]
    Doctype,
    #[error("too deep or too many fields")]
    TooLarge,
}

/// The fields directly below the root, by name. Of deeper ones (picture lists) only the outer name counts.
pub fn fields(text: &str) -> Result<HashMap<String, String>, XmlError> {
    let mut reader = Reader::from_str(text);
    let mut fields = HashMap::new();
    let mut path: Vec<String> = Vec::new();
    let mut value = String::new();
    let mut rooted = false;
    loop {
        match reader.read_event().map_err(|_| XmlError::Malformed)? {
            Event::DocType(_) | Event::PI(_) => return Err(XmlError::Doctype),
            Event::Start(tag) => {
                if path.is_empty() && rooted {
                    return Err(XmlError::Malformed);
                }
                rooted = true;
                path.push(tag.name().as_ref().to_owned());
                if path.len() > DEPTH_MAX || fields.len() > FIELDS_MAX {
                    return Err(XmlError::TooLarge);
                }
                if path.len() == 2 {
                    value.clear();
                }
            }
            Event::End(_) => {
                let name = path.pop().ok_or(XmlError::Malformed)?;
                if path.len() == 1 {
                    fields.insert(name, std::mem::take(&mut value));
                }
            }
            Event::CData(data) if path.len() == 2 => value.push_str(&data),
            Event::Text(data) if path.len() == 2 => value.push_str(&data),
            Event::GeneralRef(name) => {
                let known = match name.resolve_char_ref().map_err(|_| XmlError::Malformed)? {
                    Some(c) => Some(c.to_string()),
                    None => resolve_predefined_entity(&name).map(str::to_owned),
                };
                let text = known.ok_or(XmlError::Doctype)?;
                if path.len() == 2 {
                    value.push_str(&text);
                }
            }
            Event::Eof if path.is_empty() && rooted => return Ok(fields),
            Event::Eof => return Err(XmlError::Malformed),
            _ => {}
        }
    }
}

/// A CDATA section; an end mark inside is split over two.
pub fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_with_cdata_text_and_references() {
        let found = fields(
            "<xml><A><![CDATA[a<b ]]]]><![CDATA[>]]></A><B>1 &lt;&#20320;</B>\n<C/><D><E>x</E></D></xml>",
        )
        .unwrap();
        assert_eq!(found["A"], "a<b ]]>");
        assert_eq!(found["B"], "1 <你");
        assert_eq!(found["D"], "");
    }

    #[test]
    fn refuses_document_types_entities_cut_and_deep_xml() {
        let dtd = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><xml><A>&a;</A></xml>";
        assert_eq!(fields(dtd), Err(XmlError::Doctype));
        assert_eq!(fields("<xml><A>&a;</A></xml>"), Err(XmlError::Doctype));
        for cut in [
            "",
            "<xml><A>1</A>",
            "<xml><A>1</B></xml>",
            "no xml",
            "<a/><b/>",
            "<x>1</x><x>2</x>",
        ] {
            assert!(fields(cut).is_err(), "{cut}");
        }
        let deep = format!("{}{}", "<a>".repeat(50), "</a>".repeat(50));
        assert_eq!(fields(&deep), Err(XmlError::TooLarge));
    }

    #[test]
    fn a_cdata_end_inside_is_split() {
        let text = "a]]>b]]]>";
        let xml = format!("<xml><A>{}</A></xml>", cdata(text));
        assert_eq!(fields(&xml).unwrap()["A"], text);
    }
}
