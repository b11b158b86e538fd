//! Access tokens: one request at a time however many want one, renewed before the end, and once when a platform says
//! that ours is no good. Never in a loop.

use super::SendError;
use crate::dialogue::nouns::Millis;
use std::future::Future;
use tokio::sync::Mutex;

/// A token is renewed this long before its end, in ms; the platforms let both live for five minutes.
const EARLY_MS: Millis = 300_000;
/// After a failure nobody asks again for this long, in ms.
const FAILED_PAUSE_MS: Millis = 2_000;
/// A renewed token that is no good either is not renewed again for this long, in ms: forced renewals are few
/// (微信: 20 a day, 30 s apart).
const FORCE_PAUSE_MS: Millis = 60_000;

/// What the platform gave.
#[derive(Debug, Clone)]
pub struct Fresh {
    pub token: String,
    pub lives_s: i64,
}

/// What is asked of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The token in force.
    Usual,
    /// A new one, because the one in force was refused.
    Forced,
}

#[derive(Debug, Default)]
struct Held {
    token: Option<String>,
    until_ms: Millis,
    forced_ms: Millis,
    failed: Option<(SendError, Millis)>,
}

/// The access token of one channel.
#[derive(Debug, Default)]
pub struct AccessToken {
    held: Mutex<Held>,
}

impl AccessToken {
    /// The token to use. `refused` is one that the platform has just refused; it is replaced, at most once a minute.
    pub async fn get<F>(
        &self,
        refused: Option<&str>,
        now_ms: Millis,
        fetch: impl Fn(Ask) -> F,
    ) -> Result<String, SendError>
    where
        F: Future<Output = Result<Fresh, SendError>>,
    {
        let mut held = self.held.lock().await;
        if let Some(token) = &held.token {
            // Another caller may have renewed it while this one waited.
            if refused != Some(token.as_str()) && now_ms < held.until_ms {
                return Ok(token.clone());
            }
        }
        if let Some((error, at_ms)) = &held.failed
            && now_ms < at_ms + FAILED_PAUSE_MS
        {
            return Err(error.clone());
        }
        let mut fresh = fetch(Ask::Usual).await;
        // 微信's stable_token gives the same token again unless a new one is forced.
        let same =
            |f: &Result<Fresh, SendError>| matches!(f, Ok(f) if Some(f.token.as_str()) == refused);
        if same(&fresh) {
            if now_ms < held.forced_ms + FORCE_PAUSE_MS {
                return Err(SendError::retry("token_refused", FORCE_PAUSE_MS));
            }
            held.forced_ms = now_ms;
            fresh = fetch(Ask::Forced).await;
        }
        match fresh {
            Ok(fresh) => {
                let lives_ms = fresh.lives_s.max(0).saturating_mul(1000);
                let early_ms = EARLY_MS.min(lives_ms / 2);
                held.until_ms = now_ms + lives_ms - early_ms;
                held.failed = None;
                held.token = Some(fresh.token.clone());
                Ok(fresh.token)
            }
            Err(error) => {
                held.failed = Some((error.clone(), now_ms));
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    async fn numbered(calls: &AtomicU32, lives_s: i64) -> Result<Fresh, SendError> {
        let n = calls.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Ok(Fresh {
            token: format!("t{n}"),
            lives_s,
        })
    }

    #[tokio::test]
    async fn many_callers_make_one_request_and_a_refused_token_is_renewed_once() {
        let (access, calls) = (AccessToken::default(), AtomicU32::new(0));
        let get = |refused| access.get(refused, 0, |_| numbered(&calls, 7200));
        let (a, b, c) = tokio::join!(get(None), get(None), get(None));
        assert_eq!([a.unwrap(), b.unwrap(), c.unwrap()], ["t0", "t0", "t0"]);
        let (a, b) = tokio::join!(get(Some("t0")), get(Some("t0")));
        assert_eq!([a.unwrap(), b.unwrap()], ["t1", "t1"]);
        assert_eq!(calls.load(Ordering::Relaxed), 2);
        let late = access
            .get(None, 7_200_000, |_| numbered(&calls, 7200))
            .await;
        assert_eq!(late.unwrap(), "t2", "renewed before its end");
    }

    #[tokio::test]
    async fn a_platform_that_gives_the_same_bad_token_is_not_asked_for_ever() {
        let (access, calls) = (AccessToken::default(), AtomicU32::new(0));
        let fetch = |_| async {
            calls.fetch_add(1, Ordering::Relaxed);
            Ok(Fresh {
                token: "same".into(),
                lives_s: 7200,
            })
        };
        access.get(None, 100_000, fetch).await.unwrap();
        access.get(Some("same"), 100_000, fetch).await.unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), 3, "usual, then forced");
        let again = access.get(Some("same"), 100_001, fetch).await;
        assert!(matches!(again, Err(SendError::Retry { .. })));
        assert_eq!(calls.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn a_failure_is_shared_for_a_while() {
        let (access, calls) = (AccessToken::default(), AtomicU32::new(0));
        let fetch = |_| async {
            calls.fetch_add(1, Ordering::Relaxed);
            Err::<Fresh, _>(SendError::retry("connect", 0))
        };
        for _ in 0..10 {
            assert!(access.get(None, 5_000, fetch).await.is_err());
        }
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert!(access.get(None, 9_000, fetch).await.is_err());
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
