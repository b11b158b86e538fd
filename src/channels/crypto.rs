//! Signatures and envelopes of the platforms. Own code over RustCrypto, held to vectors of other implementations.
//!
//! - 微信, 企业微信 (vendor's "消息加解密"): SHA-1 over the sorted parts; AES-256-CBC with the key's first half as IV,
//!   plaintext = 16 random bytes, length as u32 big-endian, message, receiver's id; PKCS#7 up to a block of **32**.
//! - 飞书: SHA-256 over timestamp, nonce, key and body; AES-256-CBC with SHA-256 of the key and a leading IV.
//! - 钉钉 and Standard Webhooks: HMAC-SHA256 in base64.

use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// AES works on blocks of so many bytes.
const BLOCK_BYTES: usize = 16;
/// The vendor pads to this block, which is twice that of AES.
const PAD_BLOCK_BYTES: usize = 32;
/// Random bytes before the length in an envelope.
const RANDOM_BYTES: usize = 16;
const LENGTH_BYTES: usize = 4;
/// Characters of an EncodingAESKey; its 44th, `=`, is left out by the vendor.
const ENCODING_KEY_CHARS: usize = 43;

/// Reads base64 whose last character carries bits beyond the data: the 43rd of most EncodingAESKeys does.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why an envelope could not be opened. Never says what was inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    #[error(
        "an EncodingAESKey has {ENCODING_KEY_CHARS} letters and digits: copy it again from the console"
    )]
    Key,
    #[error("the message is no base64, or not a whole number of blocks")]
    Shape,
    #[error("padding or length inside the message is wrong: is the EncodingAESKey the right one?")]
    Inside,
    #[error("the message is for another receiver (AppID or CorpID)")]
    Receiver,
    #[error("the message is no UTF-8")]
    Text,
}

/// Equal, in a time that does not tell where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// `signature` and `msg_signature`: SHA-1, in hex, of the parts sorted and put together.
pub fn sorted_sha1(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    let mut hash = Sha1::new();
    for part in parts {
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// HMAC-SHA256 over the parts put together.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // Proof: HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// SHA-256, in hex, of the parts put together.
pub fn sha256_hex(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hex(&hash.finalize())
}

pub fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Base64, with or without padding.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(text.trim()).ok()
}

/// The vendor's envelope around a message, for one receiver.
#[derive(Clone)]
pub struct Envelope {
    key: [u8; 32],
    /// AppID or CorpID; empty where the platform leaves it empty (智能机器人).
    receiver: String,
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope")
            .field("receiver", &self.receiver)
            .finish_non_exhaustive()
    }
}

impl Envelope {
    /// `encoding_key` is the console's EncodingAESKey.
    pub fn new(encoding_key: &str, receiver: &str) -> Result<Envelope, CryptoError> {
        if encoding_key.len() != ENCODING_KEY_CHARS {
            return Err(CryptoError::Key);
        }
        let key = unbase64(encoding_key).and_then(|k| k.try_into().ok());
        Ok(Envelope {
            key: key.ok_or(CryptoError::Key)?,
            receiver: receiver.to_owned(),
        })
    }

    /// Opens the `Encrypt` of a message. Its signature must have been checked before.
    pub fn open(&self, encrypted: &str) -> Result<String, CryptoError> {
        let sealed = unbase64(encrypted).ok_or(CryptoError::Shape)?;
        let plain = cbc_open(&self.key, &self.key[..BLOCK_BYTES], sealed)?;
        let length = plain
            .get(RANDOM_BYTES..RANDOM_BYTES + LENGTH_BYTES)
            .and_then(|b| <[u8; LENGTH_BYTES]>::try_from(b).ok())
            .ok_or(CryptoError::Inside)?;
        let length =
            usize::try_from(u32::from_be_bytes(length)).map_err(|_| CryptoError::Inside)?;
        let rest = &plain[RANDOM_BYTES + LENGTH_BYTES..];
        if length > rest.len() {
            return Err(CryptoError::Inside);
        }
        let (message, receiver) = rest.split_at(length);
        if !same(receiver, self.receiver.as_bytes()) {
            return Err(CryptoError::Receiver);
        }
        String::from_utf8(message.to_vec()).map_err(|_| CryptoError::Text)
    }

    /// Seals a reply.
    pub fn seal(&self, message: &str) -> String {
        let mut random = [0; RANDOM_BYTES];
        // Without randomness the first block is predictable, which the key still protects.
        let _ = getrandom::fill(&mut random);
        self.seal_with(message, random)
    }

    fn seal_with(&self, message: &str, random: [u8; RANDOM_BYTES]) -> String {
        let mut plain = random.to_vec();
        // Proof: replies are cut to a few KiB long before this.
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(message.as_bytes());
        plain.extend_from_slice(self.receiver.as_bytes());
        base64(&cbc_seal(&self.key, &self.key[..BLOCK_BYTES], plain))
    }
}

/// Opens the `encrypt` of a 飞书 event: base64 of IV and ciphertext under SHA-256 of the key.
pub fn open_feishu(encrypt_key: &str, encrypted: &str) -> Result<String, CryptoError> {
    let mut sealed = unbase64(encrypted).ok_or(CryptoError::Shape)?;
    if sealed.len() <= BLOCK_BYTES {
        return Err(CryptoError::Shape);
    }
    let body = sealed.split_off(BLOCK_BYTES);
    let key: [u8; 32] = Sha256::digest(encrypt_key.as_bytes()).into();
    let plain = cbc_open(&key, &sealed, body)?;
    String::from_utf8(plain).map_err(|_| CryptoError::Text)
}

fn cbc_open(key: &[u8; 32], iv: &[u8], mut sealed: Vec<u8>) -> Result<Vec<u8>, CryptoError> {
    if sealed.is_empty() || !sealed.len().is_multiple_of(BLOCK_BYTES) {
        return Err(CryptoError::Shape);
    }
    let cipher =
        cbc::Decryptor::<Aes256>::new_from_slices(key, iv).map_err(|_| CryptoError::Key)?;
    // The library's PKCS#7 refuses more than a block of AES, so the padding is taken off by hand.
    cipher
        .decrypt_padded::<NoPadding>(&mut sealed)
        .map_err(|_| CryptoError::Shape)?;
    let pad = usize::from(*sealed.last().ok_or(CryptoError::Shape)?);
    if pad == 0 || pad > PAD_BLOCK_BYTES || pad > sealed.len() {
        return Err(CryptoError::Inside);
    }
    let end = sealed.len() - pad;
    if sealed[end..].iter().any(|b| usize::from(*b) != pad) {
        return Err(CryptoError::Inside);
    }
    sealed.truncate(end);
    Ok(sealed)
}

fn cbc_seal(key: &[u8; 32], iv: &[u8], mut plain: Vec<u8>) -> Vec<u8> {
    let pad = PAD_BLOCK_BYTES - plain.len() % PAD_BLOCK_BYTES;
    // 1 to 32.
    plain.resize(plain.len() + pad, u8::try_from(pad).unwrap_or(0));
    let length = plain.len();
    // Proof: key and IV have their sizes by type and slice, and the text is a whole number of blocks.
    cbc::Encryptor::<Aes256>::new_from_slices(key, iv)
        .expect("key and IV have the right sizes")
        .encrypt_padded::<NoPadding>(&mut plain, length)
        .expect("the text is a whole number of blocks");
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Vectors {
        wechat: Vec<Wechat>,
        feishu: Vec<Feishu>,
    }

    /// Made by wechatpy and by the vendor.
    #[derive(Deserialize)]
    struct Wechat {
        made_with: String,
        token: String,
        aes_key: String,
        receiver: String,
        timestamp: String,
        nonce: String,
        encrypt: String,
        msg_signature: String,
        plain: String,
    }

    #[derive(Deserialize)]
    struct Feishu {
        made_with: String,
        encrypt_key: String,
        encrypt: String,
        plain: String,
        timestamp: String,
        nonce: String,
        body: String,
        signature: String,
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("../../tests/fixtures/channels/vectors.json")).unwrap()
    }

    #[test]
    fn opens_and_signs_what_others_made() {
        let vectors = vectors();
        assert!(vectors.wechat.len() > 40, "every length of padding");
        for v in vectors.wechat {
            let envelope = Envelope::new(&v.aes_key, &v.receiver).unwrap();
            let opened = envelope.open(&v.encrypt);
            assert_eq!(opened.as_deref(), Ok(v.plain.as_str()), "{}", v.made_with);
            let signed = sorted_sha1(&[&v.token, &v.timestamp, &v.nonce, &v.encrypt]);
            assert_eq!(signed, v.msg_signature, "{}", v.made_with);
            assert_eq!(envelope.open(&envelope.seal(&v.plain)).unwrap(), v.plain);
        }
        for v in vectors.feishu {
            let opened = open_feishu(&v.encrypt_key, &v.encrypt);
            assert_eq!(opened.as_deref(), Ok(v.plain.as_str()), "{}", v.made_with);
            let parts = [&v.timestamp, &v.nonce, &v.encrypt_key, &v.body];
            let parts: Vec<&[u8]> = parts.iter().map(|p| p.as_bytes()).collect();
            assert_eq!(sha256_hex(&parts), v.signature, "{}", v.made_with);
        }
    }

    #[test]
    fn another_receiver_a_cut_message_and_a_wrong_key_are_refused() {
        let key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
        let ours = Envelope::new(key, "wx1").unwrap();
        let sealed = ours.seal("你好");
        let theirs = Envelope::new(key, "wx2").unwrap();
        assert_eq!(theirs.open(&sealed), Err(CryptoError::Receiver));
        assert_eq!(ours.open(&sealed[..20]), Err(CryptoError::Shape));
        assert_eq!(ours.open(""), Err(CryptoError::Shape));
        let other = Envelope::new(&"a".repeat(43), "wx1").unwrap();
        assert!(other.open(&sealed).is_err());
        assert!(Envelope::new("short", "wx1").is_err());
    }

    #[test]
    fn a_length_beyond_the_message_is_refused() {
        let envelope = Envelope::new(&"a".repeat(43), "").unwrap();
        let mut plain = vec![0; RANDOM_BYTES];
        plain.extend_from_slice(&u32::MAX.to_be_bytes());
        plain.extend_from_slice(b"short");
        let sealed = base64(&cbc_seal(
            &envelope.key,
            &envelope.key[..BLOCK_BYTES],
            plain,
        ));
        assert_eq!(envelope.open(&sealed), Err(CryptoError::Inside));
    }
}
