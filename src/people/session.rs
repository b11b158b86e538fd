//! Sign-in of the desk: a signed cookie. A changed password or a removed account ends it.

use super::staff::{Account, Accounts};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Name of the cookie.
pub const COOKIE: &str = "faxun_desk";
const LABEL: &[u8] = b"faxun desk session v1\0";

/// Signs and checks desk sessions under a server key.
#[derive(Clone)]
pub struct Sessions {
    key: Vec<u8>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions(..)")
    }
}

impl Sessions {
    pub fn new(key: &[u8]) -> Sessions {
        Sessions { key: key.to_vec() }
    }

    /// The cookie's value for an account until `expires_ms`.
    pub fn sign(&self, account: &Account, expires_ms: i64) -> String {
        let mac = self.mac(account, expires_ms).finalize().into_bytes();
        let mac = BASE64_URL_SAFE_NO_PAD.encode(mac);
        format!("{}:{expires_ms}:{mac}", account.staff)
    }

    /// The account of a cookie's value.
    pub fn check<'a>(
        &self,
        accounts: &'a Accounts,
        value: &str,
        now_ms: i64,
    ) -> Option<&'a Account> {
        let mut parts = value.splitn(3, ':');
        let (staff, expires, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let account = accounts.get(staff)?;
        let expires_ms: i64 = expires.parse().ok()?;
        let mac = BASE64_URL_SAFE_NO_PAD.decode(mac).ok()?;
        self.mac(account, expires_ms).verify_slice(&mac).ok()?;
        (expires_ms > now_ms).then_some(account)
    }

    fn mac(&self, account: &Account, expires_ms: i64) -> Hmac<Sha256> {
        // Proof: HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes any key");
        mac.update(LABEL);
        mac.update(account.staff.as_bytes());
        mac.update(&expires_ms.to_be_bytes());
        mac.update(account.password_hash.as_bytes());
        mac
    }
}
