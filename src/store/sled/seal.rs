//! Sealing: AES-256-GCM under a random key for each log, itself wrapped by the master key.
//!
//! What a sealed value belongs to (log, seq and turn, or log and generation) is bound to it as associated data, so a value moved
//! to another place does not open.

use crate::store::LogId;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit, Nonce, Tag};
use zeroize::Zeroizing;

/// First byte of a sealed value.
const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const OVERHEAD_BYTES: usize = 1 + NONCE_BYTES + TAG_BYTES;
/// Length of a key, in bytes.
pub const KEY_BYTES: usize = 32;
/// Bytes of the generation before a wrapped key.
const GENERATION_BYTES: usize = 4;

/// Raw bytes of a key, wiped when dropped.
pub type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// A sealed value does not open: wrong key, wrong place, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open")]
pub struct Unsealable;

/// A key ready for use; its schedule is wiped when dropped.
pub struct Key(Aes256Gcm);

/// Fresh random bytes for a key.
pub fn random_key() -> KeyBytes {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    fill_random(&mut *bytes);
    bytes
}

fn fill_random(bytes: &mut [u8]) {
    // Proof: getrandom(2) fails on no supported system once it has started up; going on without randomness would
    // be worse than ending the process.
    getrandom::fill(bytes).expect("the system gives random bytes");
}

impl Key {
    pub fn new(bytes: &KeyBytes) -> Key {
        Key(Aes256Gcm::new((&**bytes).into()))
    }

    /// Seals a record's body for its place.
    pub fn seal_record(&self, log: &LogId, last_seq: u64, turn: u64, body: &[u8]) -> Vec<u8> {
        self.seal(&record_place(log, last_seq, turn), body)
    }

    /// Opens a record's body.
    pub fn open_record(
        &self,
        log: &LogId,
        last_seq: u64,
        turn: u64,
        sealed: &[u8],
    ) -> Result<Vec<u8>, Unsealable> {
        self.open(&record_place(log, last_seq, turn), sealed)
    }

    /// Wraps a log's key: the generation of this master key, then the sealed key.
    pub fn wrap(&self, generation: u32, log: &LogId, key: &KeyBytes) -> Vec<u8> {
        let sealed = self.seal(&key_place(generation, log), &**key);
        [&generation.to_be_bytes()[..], &sealed].concat()
    }

    /// Opens a key wrapped by [`Key::wrap`].
    pub fn unwrap(&self, log: &LogId, wrapped: &[u8]) -> Result<KeyBytes, Unsealable> {
        let generation = generation_of(wrapped)?;
        let place = key_place(generation, log);
        let bytes = Zeroizing::new(self.open(&place, &wrapped[GENERATION_BYTES..])?);
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return Err(Unsealable);
        }
        key.copy_from_slice(&bytes);
        Ok(key)
    }

    fn seal(&self, place: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        fill_random(&mut nonce);
        let mut out = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
        out.push(FORMAT);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let body = InOutBuf::from(&mut out[1 + NONCE_BYTES..]);
        // Proof: fails only above 64 GiB, and bodies have a limit.
        let tag = self
            .0
            .encrypt_inout_detached(&Nonce::from(nonce), place, body);
        out.extend_from_slice(&tag.expect("bodies are far below the cipher's limit"));
        out
    }

    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        if sealed.len() < OVERHEAD_BYTES || sealed[0] != FORMAT {
            return Err(Unsealable);
        }
        let (head, tag) = sealed.split_at(sealed.len() - TAG_BYTES);
        let (nonce, body) = head[1..].split_at(NONCE_BYTES);
        let nonce = Nonce::try_from(nonce).map_err(|_| Unsealable)?;
        let tag = Tag::try_from(tag).map_err(|_| Unsealable)?;
        let mut plain = body.to_vec();
        let opened = InOutBuf::from(plain.as_mut_slice());
        let result = self.0.decrypt_inout_detached(&nonce, place, opened, &tag);
        result.map_err(|_| Unsealable)?;
        Ok(plain)
    }
}

/// The master generation under which a key is wrapped.
pub fn generation_of(wrapped: &[u8]) -> Result<u32, Unsealable> {
    let bytes = wrapped
        .first_chunk::<GENERATION_BYTES>()
        .ok_or(Unsealable)?;
    Ok(u32::from_be_bytes(*bytes))
}

fn record_place(log: &LogId, last_seq: u64, turn: u64) -> Vec<u8> {
    super::layout::record(log, last_seq, turn)
}

fn key_place(generation: u32, log: &LogId) -> Vec<u8> {
    let mut place = super::layout::row(super::layout::KEY, log);
    place.push(0);
    place.extend_from_slice(&generation.to_be_bytes());
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(id: &str) -> LogId {
        LogId::new(id).unwrap()
    }

    #[test]
    fn a_record_opens_only_in_its_place() {
        let key = Key::new(&random_key());
        let sealed = key.seal_record(&log("conv/a"), 3, 2, "离婚".as_bytes());
        let open = |id: &str, seq, turn| key.open_record(&log(id), seq, turn, &sealed);
        assert_eq!(open("conv/a", 3, 2).unwrap(), "离婚".as_bytes());
        assert_eq!(open("conv/b", 3, 2), Err(Unsealable));
        assert_eq!(open("conv/a", 4, 2), Err(Unsealable));
        assert_eq!(open("conv/a", 3, 3), Err(Unsealable));
        assert_eq!(
            Key::new(&random_key()).open_record(&log("conv/a"), 3, 2, &sealed),
            Err(Unsealable)
        );
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let key = Key::new(&random_key());
        let sealed = key.seal_record(&log("staff"), 1, 1, b"x");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(
                key.open_record(&log("staff"), 1, 1, &changed).is_err(),
                "byte {at}"
            );
            assert!(key.open_record(&log("staff"), 1, 1, &sealed[..at]).is_err());
        }
    }

    #[test]
    fn a_wrapped_key_is_bound_to_log_and_generation() {
        let master = Key::new(&random_key());
        let key = random_key();
        let mut wrapped = master.wrap(7, &log("conv/a"), &key);
        assert_eq!(generation_of(&wrapped), Ok(7));
        assert_eq!(*master.unwrap(&log("conv/a"), &wrapped).unwrap(), *key);
        assert!(master.unwrap(&log("conv/b"), &wrapped).is_err());
        wrapped[3] = 8;
        assert!(master.unwrap(&log("conv/a"), &wrapped).is_err());
    }

    #[test]
    fn the_same_body_never_looks_the_same() {
        let key = Key::new(&random_key());
        let seal = || key.seal_record(&log("conv/a"), 1, 1, b"same");
        assert_ne!(seal(), seal());
    }
}
