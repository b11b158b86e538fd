//! PURE: keys of messages, remembered for as long as a platform may send them again.

use super::{CLAIM_KEPT_MS, CLAIMS_MAX};
use crate::dialogue::nouns::Millis;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Keys of messages with the minute in which they were claimed, packed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(VecDeque<(u64, u32)>);

const CLAIM_BYTES: usize = 12;
const MINUTE_MS: Millis = 60_000;

impl Claims {
    pub fn has(&self, key: u64, now_ms: Millis) -> bool {
        let oldest = minute(now_ms - CLAIM_KEPT_MS);
        self.0.iter().any(|(k, at)| *k == key && *at >= oldest)
    }

    pub fn add(&mut self, key: u64, now_ms: Millis) {
        let oldest = minute(now_ms - CLAIM_KEPT_MS);
        self.0.retain(|(_, at)| *at >= oldest);
        if self.0.len() >= CLAIMS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((key, minute(now_ms)));
    }
}

fn minute(at_ms: Millis) -> u32 {
    u32::try_from(at_ms.max(0) / MINUTE_MS).unwrap_or(u32::MAX)
}

impl Serialize for Claims {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.0.len() * CLAIM_BYTES);
        for (key, at) in &self.0 {
            bytes.extend_from_slice(&key.to_le_bytes());
            bytes.extend_from_slice(&at.to_le_bytes());
        }
        out.serialize_str(&BASE64_STANDARD_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = String::deserialize(input)?;
        let bytes = BASE64_STANDARD_NO_PAD
            .decode(text)
            .map_err(D::Error::custom)?;
        let (rows, rest) = bytes.as_chunks::<CLAIM_BYTES>();
        if !rest.is_empty() {
            return Err(D::Error::custom("claims are cut short"));
        }
        let row = |r: &[u8; CLAIM_BYTES]| {
            let (key, at) = r.split_at(8);
            (
                u64::from_le_bytes(key.try_into().unwrap_or_default()),
                u32::from_le_bytes(at.try_into().unwrap_or_default()),
            )
        };
        Ok(Claims(rows.iter().map(row).collect()))
    }
}
