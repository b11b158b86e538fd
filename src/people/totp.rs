//! Time-based one-time passwords (RFC 6238) as every authenticator app makes them: HMAC-SHA-1, 30 s, six digits.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use lru::LruCache;
use sha1::Sha1;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use subtle::ConstantTimeEq as _;

/// Length of a secret, in bytes: as long as the hash (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;
/// Length of a step, in seconds.
const STEP_S: u64 = 30;
const DIGITS: u32 = 6;
/// Steps a clock may be off, in each direction.
const SKEW_STEPS: u64 = 1;
/// Accounts whose last code is remembered.
const USED_MAX: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// A new secret, in base 32 as the apps take it.
pub fn new_secret() -> Result<String, getrandom::Error> {
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret)?;
    Ok(BASE32_NOPAD.encode(&secret))
}

/// The address that an app reads from a QR code.
pub fn uri(staff: &str, secret: &str) -> String {
    // Sign-in names hold nothing that an address would have to escape.
    format!(
        "otpauth://totp/faxun:{staff}?secret={secret}&issuer=faxun&digits={DIGITS}&period={STEP_S}"
    )
}

/// Codes that were used: each counts once.
#[derive(Debug)]
pub struct UsedCodes(Mutex<LruCache<String, u64>>);

impl Default for UsedCodes {
    fn default() -> Self {
        UsedCodes(Mutex::new(LruCache::new(USED_MAX)))
    }
}

impl UsedCodes {
    /// Whether `code` is right for the account now, and was not used before.
    pub fn check(&self, staff: &str, secret: &str, code: &str, now_ms: i64) -> bool {
        let Some(step) = step_of(secret, code, now_ms) else {
            return false;
        };
        // The map is whole after every operation, poisoned or not.
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.get(staff).is_some_and(|last| *last >= step) {
            return false;
        }
        used.put(staff.to_owned(), step);
        true
    }
}

/// The code of a secret at a moment; `None` when the secret is no base 32.
pub fn code(secret: &str, at_ms: i64) -> Option<String> {
    let key = BASE32_NOPAD.decode(secret.as_bytes()).ok()?;
    let step = u64::try_from(at_ms).ok()? / 1000 / STEP_S;
    Some(digits_of(&key, step))
}

fn digits_of(key: &[u8], step: u64) -> String {
    format!(
        "{:0width$}",
        hotp(key, step, DIGITS),
        width = DIGITS as usize
    )
}

/// The step near now that a code belongs to.
fn step_of(secret: &str, code: &str, now_ms: i64) -> Option<u64> {
    let key = BASE32_NOPAD.decode(secret.as_bytes()).ok()?;
    let now = u64::try_from(now_ms).ok()? / 1000 / STEP_S;
    (now.saturating_sub(SKEW_STEPS)..=now + SKEW_STEPS).find(|step| {
        let right = digits_of(&key, *step);
        right.as_bytes().ct_eq(code.as_bytes()).into()
    })
}

/// RFC 4226, section 5.3: dynamic truncation of an HMAC-SHA-1.
fn hotp(key: &[u8], counter: u64, digits: u32) -> u32 {
    // Proof: HMAC takes keys of any length.
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(&counter.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[hash.len() - 1] & 0xf);
    // Proof: at most 15 + 4 bytes of 20.
    let bytes = [hash[at], hash[at + 1], hash[at + 2], hash[at + 3]];
    (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 10u32.pow(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        for (seconds, code) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(hotp(SECRET, seconds / STEP_S, 8), code, "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_once_and_within_a_step() {
        let secret = BASE32_NOPAD.encode(SECRET);
        let used = UsedCodes::default();
        let check = |code: &str, s: i64| used.check("li", &secret, code, s * 1000);
        assert!(!check("000000", 59) && !check("", 59) && !check("2870820", 59));
        assert!(!check("287082", 59 + 90), "too old");
        assert!(
            check("287082", 59 + 30),
            "a clock that is half a minute off"
        );
        assert!(!check("287082", 59), "a second time");
        assert!(
            used.check("wang", &secret, "287082", 59_000),
            "of another account"
        );
    }

    #[test]
    fn secrets_differ_and_are_read_back() {
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        assert_ne!(one, other);
        assert_eq!(
            BASE32_NOPAD.decode(one.as_bytes()).unwrap().len(),
            SECRET_BYTES
        );
        assert!(uri("li", &one).contains(&one));
    }
}
