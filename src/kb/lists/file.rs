//! Lists as bytes: counts, then one array after another, everything little-endian.

use super::{Block, Lists};
use std::collections::HashMap;

/// The bytes are not those of lists.
#[derive(Debug, thiserror::Error)]
#[error("damaged, or made by another version")]
pub struct Damaged;

impl Lists {
    /// Appends the lists to a file in the making.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut keys: Vec<(u32, u64)> = self.terms.iter().map(|(key, at)| (*at, *key)).collect();
        keys.sort_unstable();
        number(out, self.docs);
        number(out, keys.len());
        number(out, self.blocks.len());
        out.extend(self.steps.to_le_bytes());
        out.extend(keys.iter().flat_map(|(_, key)| key.to_le_bytes()));
        out.extend(self.weights.iter().flat_map(|w| w.to_le_bytes()));
        for block in &self.blocks {
            number(out, block.docs.len());
            out.extend(block.starts.iter().flat_map(|s| s.to_le_bytes()));
            out.extend(block.docs.iter().flat_map(|d| d.to_le_bytes()));
            out.extend(&block.added);
        }
    }

    /// Takes lists from the front of `bytes`. What would send a search out of bounds is refused.
    pub fn read(bytes: &mut &[u8]) -> Result<Lists, Damaged> {
        let docs = take_number(bytes)?;
        let terms = take_number(bytes)?;
        let blocks = take_number(bytes)?;
        let steps = f32::from_le_bytes(*take(bytes)?);
        let keys = array(bytes, terms, u64::from_le_bytes)?;
        let weights = array(bytes, terms, f32::from_le_bytes)?;
        if blocks != docs.div_ceil(super::BLOCK_DOCS) {
            return Err(Damaged);
        }
        let blocks: Result<Vec<Block>, Damaged> = (0..blocks)
            .map(|number| {
                let in_block = (docs - number * super::BLOCK_DOCS).min(super::BLOCK_DOCS);
                block(bytes, terms, in_block)
            })
            .collect();
        let mut numbers = HashMap::with_capacity_and_hasher(terms, Default::default());
        numbers.extend(keys.into_iter().zip(0..));
        Ok(Lists {
            terms: numbers,
            weights,
            blocks: blocks?,
            docs,
            steps,
        })
    }
}

fn block(bytes: &mut &[u8], terms: usize, in_block: usize) -> Result<Block, Damaged> {
    let held = take_number(bytes)?;
    let block = Block {
        starts: array(bytes, terms + 1, u32::from_le_bytes)?,
        docs: array(bytes, held, u16::from_le_bytes)?,
        added: array(bytes, held, u8::from_le_bytes)?,
    };
    let inside = block.docs.iter().all(|d| usize::from(*d) < in_block);
    let ends = block.starts.last().is_some_and(|end| *end as usize == held);
    if inside && ends && block.starts.is_sorted() {
        Ok(block)
    } else {
        Err(Damaged)
    }
}

/// Appends a count.
pub fn number(out: &mut Vec<u8>, number: usize) {
    out.extend((number as u64).to_le_bytes());
}

/// Takes a count.
pub fn take_number(bytes: &mut &[u8]) -> Result<usize, Damaged> {
    usize::try_from(u64::from_le_bytes(*take(bytes)?)).map_err(|_| Damaged)
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Result<&'a [u8; N], Damaged> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(Damaged)?;
    *bytes = rest;
    Ok(taken)
}

/// Takes `count` values of `N` bytes.
pub fn array<T, const N: usize>(
    bytes: &mut &[u8],
    count: usize,
    value: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, Damaged> {
    let length = count.checked_mul(N).ok_or(Damaged)?;
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Damaged)?;
    *bytes = rest;
    let (chunks, _) = taken.as_chunks::<N>();
    Ok(chunks.iter().map(|c| value(*c)).collect())
}
