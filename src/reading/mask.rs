//! Personal numbers: found so that they are never kept as facts, masked wherever text leaves the conversation.

use std::ops::Range;

/// Provinces as the first character of a plate, and the special plates.
const PLATE_PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
/// Weights of the check digit of an identity number (GB 11643).
const IDENTITY_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const IDENTITY_CHECKS: &[u8; 11] = b"10X98765432";

/// What a personal number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    Mobile,
    Landline,
    Identity,
    BankCard,
    Plate,
}

impl Personal {
    /// Characters left readable at the begin and at the end.
    fn kept(self) -> (usize, usize) {
        match self {
            Personal::Mobile => (3, 2),
            Personal::Landline => (4, 2),
            Personal::Identity => (2, 2),
            Personal::BankCard => (0, 4),
            Personal::Plate => (2, 1),
        }
    }
}

/// One digit or letter of the text with its place; full-width ones count as ASCII.
#[derive(Clone, Copy)]
struct Cell {
    start: usize,
    end: usize,
    c: char,
}

/// The text with the middle of every personal number replaced by `*`; separators stay.
pub fn mask(text: &str) -> String {
    let found = find(text);
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for (range, kind) in found {
        masked.push_str(&text[at..range.start]);
        let number = &text[range.clone()];
        let total = number.chars().filter(|c| c.is_alphanumeric()).count();
        let (front, back) = kind.kept();
        let mut count = 0;
        for c in number.chars() {
            if !c.is_alphanumeric() {
                masked.push(c);
                continue;
            }
            count += 1;
            let readable = count <= front || count > total.saturating_sub(back);
            masked.push(if readable { c } else { '*' });
        }
        at = range.end;
    }
    masked.push_str(&text[at..]);
    masked
}

/// Byte ranges of personal numbers in order, not overlapping.
pub fn find(text: &str) -> Vec<(Range<usize>, Personal)> {
    let cells: Vec<Cell> = text
        .char_indices()
        .map(|(start, c)| Cell {
            start,
            end: start + c.len_utf8(),
            c: ascii(c),
        })
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < cells.len() {
        if let Some(length) = plate(&cells[at..]) {
            found.push((cells[at].start..cells[at + length - 1].end, Personal::Plate));
            at += length;
        } else if cells[at].c.is_ascii_digit() || cells[at].c == '+' {
            let run = number_run(&cells[at..]);
            if let Some(kind) = personal(&run) {
                found.push((cells[at].start..cells[at + run.length - 1].end, kind));
            }
            at += run.length.max(1);
        } else {
            at += 1;
        }
    }
    found
}

/// Digits with single blanks or hyphens between them.
struct Run {
    digits: Vec<u8>,
    /// Characters, separators included.
    length: usize,
}

fn number_run(cells: &[Cell]) -> Run {
    let mut digits = Vec::new();
    let mut length = 0;
    for (index, cell) in cells.iter().enumerate() {
        let next_is_digit = cells.get(index + 1).is_some_and(|n| n.c.is_ascii_digit());
        match cell.c {
            c if c.is_ascii_digit() => digits.push(c as u8),
            'x' | 'X' if digits.len() == 17 => {
                digits.push(b'X');
                length = index + 1;
                break;
            }
            '+' if index == 0 && next_is_digit => {}
            ' ' | '-' if next_is_digit && index > 0 => continue,
            _ => break,
        }
        length = index + 1;
    }
    Run { digits, length }
}

fn personal(run: &Run) -> Option<Personal> {
    let mut digits = run.digits.as_slice();
    if let Some(rest) = digits.strip_prefix(b"0086").or(digits.strip_prefix(b"86"))
        && is_mobile(rest)
    {
        digits = rest;
    }
    match digits.len() {
        11 if is_mobile(digits) => Some(Personal::Mobile),
        10..=12 if digits[0] == b'0' && digits[1] != b'0' => Some(Personal::Landline),
        15 if is_birth(19, &digits[6..12]) => Some(Personal::Identity),
        18 if is_identity(digits) => Some(Personal::Identity),
        16..=19 if luhn(digits) => Some(Personal::BankCard),
        _ => None,
    }
}

fn is_mobile(digits: &[u8]) -> bool {
    digits.len() == 11 && digits[0] == b'1' && (b'3'..=b'9').contains(&digits[1])
}

/// A right check digit; or a plausible birthday, because a mistyped number is still somebody's.
fn is_identity(digits: &[u8]) -> bool {
    let checked = digits[..17].iter().zip(IDENTITY_WEIGHTS);
    let sum: u32 = checked
        .map(|(d, weight)| u32::from(d - b'0') * weight)
        .sum();
    let century = number(&digits[6..8]);
    IDENTITY_CHECKS[(sum % 11) as usize] == digits[17] && digits[0] != b'0'
        || (19..=20).contains(&century) && is_birth(century, &digits[8..14])
}

/// `digits` is YYMMDD.
fn is_birth(century: u32, digits: &[u8]) -> bool {
    let (month, day) = (number(&digits[2..4]), number(&digits[4..6]));
    let year = century * 100 + number(&digits[..2]);
    (1900..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn number(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0, |n, d| n * 10 + u32::from(d.saturating_sub(b'0')))
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let digit = u32::from(digit.saturating_sub(b'0')) * (1 + index as u32 % 2);
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|d| *d != b'0')
}

/// Characters of a plate at the begin of `cells`: 粤B12345, 京A·D12345.
fn plate(cells: &[Cell]) -> Option<usize> {
    let province = cells.first()?.c;
    if !PLATE_PROVINCES.contains(province) || !cells.get(1)?.c.is_ascii_alphabetic() {
        return None;
    }
    let mut at = 2;
    if matches!(cells.get(2)?.c, '·' | '.' | '•' | '-' | ' ') {
        at += 1;
    }
    let body = &cells[at..];
    let length = body
        .iter()
        .take_while(|cell| cell.c.is_ascii_alphanumeric())
        .count();
    let digits = body[..length]
        .iter()
        .filter(|cell| cell.c.is_ascii_digit())
        .count();
    ((5..=6).contains(&length) && digits >= 3).then_some(at + length)
}

/// Full-width digits and letters as ASCII.
fn ascii(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn personal_numbers_are_masked() {
        for (text, masked) in [
            ("打13800138000找我", "打138******00找我"),
            ("打１３８００１３８０００", "打１３８******００"),
            ("+86 138-0013-8000", "+86 1**-****-**00"),
            ("座机010-62345678", "座机010-6*****78"),
            ("07551234567", "0755*****67"),
            ("身份证11010519491231002X。", "身份证11**************2X。"),
            // The check digit is mistyped, the birthday is not.
            ("110105194912310021", "11**************21"),
            // Right check digit, though there is no month 13.
            ("110105194913990020", "11**************20"),
            ("110105491231002", "11***********02"),
            ("卡号6222021234567890128", "卡号***************0128"),
            ("6222 0212 3456 7890 128", "**** **** **** ***0 128"),
            ("车牌粤B12345撞了我", "车牌粤B****5撞了我"),
            ("京A·D12345", "京A·*****5"),
        ] {
            assert_eq!(mask(text), masked, "{text}");
        }
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "欠我12000元",
            "2024-05-01",
            "拨打12348或者110",
            "案号(2023)京0105民初12345号",
            "400-810-1234",
            "合同编号20230915001",
            "6222021234567890129",
            "110105194913990021",
            "劳动合同法第47条",
            "1000000000",
            "鲁迅abc",
            "川A",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    proptest! {
        #[test]
        fn masking_keeps_all_but_digits_and_letters(text in "(\\PC|[0-9０-９xX粤B· -]){0,40}") {
            let masked = mask(&text);
            prop_assert_eq!(masked.chars().count(), text.chars().count());
            prop_assert!(find(&masked).iter().all(|(_, kind)| *kind == Personal::Plate || *kind == Personal::Landline)
                || find(&text).is_empty());
        }
    }
}
