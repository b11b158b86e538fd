//! Session tokens: signed, so that neither a lookup nor a cookie is needed to know whose conversation it is.
//!
//! Layout, base64url without padding: conversation id (16 bytes), expiry in ms since the Unix epoch (8 bytes,
//! big-endian), HMAC-SHA256 over a label and both, cut to 16 bytes. The key lies beside the master key.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const ID_BYTES: usize = 16;
const EXPIRY_BYTES: usize = 8;
const MAC_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
const LABEL: &[u8] = b"faxun session token v1\0";
const IDENTITY_LABEL: &[u8] = b"faxun identity conversation v1\0";

/// Signs and checks session tokens.
#[derive(Clone)]
pub struct Tokens {
    key: [u8; KEY_BYTES],
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not one of ours: cut, forged, or another server's.
    #[error("invalid")]
    Invalid,
    #[error("expired")]
    Expired,
}

#[derive(Debug, thiserror::Error)]
#[error("token key {path}: {source}")]
pub struct KeyError {
    path: PathBuf,
    source: std::io::Error,
}

impl Tokens {
    /// Reads the key, or makes it (readable by the owner only) at the first start.
    pub fn open(path: &Path) -> Result<Tokens, KeyError> {
        let error = |source| KeyError {
            path: path.to_owned(),
            source,
        };
        match std::fs::read(path) {
            Ok(bytes) => {
                let wrong = || std::io::Error::other(format!("must hold {KEY_BYTES} bytes"));
                let key = bytes.try_into().map_err(|_| error(wrong()))?;
                Ok(Tokens { key })
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let mut key = [0; KEY_BYTES];
                getrandom::fill(&mut key).map_err(|e| error(std::io::Error::other(e)))?;
                write_private(path, &key).map_err(error)?;
                Ok(Tokens { key })
            }
            Err(e) => Err(error(e)),
        }
    }

    /// A token for `conversation`, or `None` when that is no conversation id.
    pub fn sign(&self, conversation: &str, expires_ms: i64) -> Option<String> {
        let id = parse_id(conversation)?;
        let mut bytes = Vec::with_capacity(ID_BYTES + EXPIRY_BYTES + MAC_BYTES);
        bytes.extend_from_slice(&id);
        bytes.extend_from_slice(&expires_ms.to_be_bytes());
        let mac = self.mac(&[LABEL, &bytes]).finalize().into_bytes();
        bytes.extend_from_slice(&mac[..MAC_BYTES]);
        Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The conversation of a token.
    pub fn check(&self, token: &str, now_ms: i64) -> Result<String, TokenError> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| TokenError::Invalid)?;
        if bytes.len() != ID_BYTES + EXPIRY_BYTES + MAC_BYTES {
            return Err(TokenError::Invalid);
        }
        let (signed, mac) = bytes.split_at(ID_BYTES + EXPIRY_BYTES);
        self.mac(&[LABEL, signed])
            .verify_truncated_left(mac)
            .map_err(|_| TokenError::Invalid)?;
        let (id, expiry) = signed.split_at(ID_BYTES);
        let expiry = expiry.try_into().map_err(|_| TokenError::Invalid)?;
        if i64::from_be_bytes(expiry) <= now_ms {
            return Err(TokenError::Expired);
        }
        Ok(format_id(id))
    }

    /// The conversation of a visitor whom a website vouches for; `generation` counts erased ones.
    pub fn conversation_of_user(&self, user: &str, generation: u32) -> String {
        let mac = self.mac(&[IDENTITY_LABEL, &generation.to_be_bytes(), user.as_bytes()]);
        format_id(&mac.finalize().into_bytes()[..ID_BYTES])
    }

    /// A key for another purpose, so that one kind of signature is never taken for another.
    pub fn derive(&self, purpose: &[u8]) -> Vec<u8> {
        let mac = self.mac(&[b"faxun derived key v1\0", purpose]);
        mac.finalize().into_bytes().to_vec()
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        // Proof: HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes any key");
        for part in parts {
            mac.update(part);
        }
        mac
    }
}

/// Whether `hash` is the hex HMAC-SHA256 of `user` under the website's secret.
pub fn identity_holds(secret: &str, user: &str, hash: &str) -> bool {
    let Some(hash) = unhex(hash) else {
        return false;
    };
    // Proof: HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes any key");
    mac.update(user.as_bytes());
    mac.verify_slice(&hash).is_ok()
}

/// A new conversation id: 128 random bits, 32 hex digits.
pub fn new_conversation() -> Result<String, getrandom::Error> {
    let mut id = [0; ID_BYTES];
    getrandom::fill(&mut id)?;
    Ok(format_id(&id))
}

fn format_id(id: &[u8]) -> String {
    use std::fmt::Write as _;
    id.iter()
        .fold(String::with_capacity(2 * ID_BYTES), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
            text
        })
}

fn parse_id(id: &str) -> Option<[u8; ID_BYTES]> {
    unhex(id)?.try_into().ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Writes a secret that only its owner may read, durably, or not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> (tempfile::TempDir, Tokens) {
        let dir = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(&dir.path().join("k")).unwrap();
        (dir, tokens)
    }

    #[test]
    fn a_token_names_its_conversation_until_it_expires() {
        let (dir, tokens) = tokens();
        let id = new_conversation().unwrap();
        let token = tokens.sign(&id, 1000).unwrap();
        assert_eq!(tokens.check(&token, 999), Ok(id.clone()));
        assert_eq!(tokens.check(&token, 1000), Err(TokenError::Expired));
        let again = Tokens::open(&dir.path().join("k")).unwrap();
        assert_eq!(again.check(&token, 0), Ok(id));
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let (_dir, tokens) = tokens();
        let token = tokens.sign(&new_conversation().unwrap(), 1000).unwrap();
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(tokens.check(&forged, 0).is_err(), "{at}");
        }
        for bad in ["", "x", "!!!!", &token[1..], &format!("{token}A")] {
            assert_eq!(tokens.check(bad, 0), Err(TokenError::Invalid), "{bad}");
        }
    }

    #[test]
    fn another_server_s_token_is_invalid() {
        let (_a, ours) = tokens();
        let (_b, theirs) = tokens();
        let foreign = theirs.sign(&new_conversation().unwrap(), 1000).unwrap();
        assert_eq!(ours.check(&foreign, 0), Err(TokenError::Invalid));
    }

    #[test]
    fn identity_is_hmac_sha256_in_hex() {
        // RFC 4231, test case 2.
        let hash = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(identity_holds("Jefe", "what do ya want for nothing?", hash));
        assert!(!identity_holds(
            "Jefe",
            "what do ya want for nothing!",
            hash
        ));
        assert!(!identity_holds("Jefe", "x", "zz"));
    }
}
