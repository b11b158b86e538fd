//! Token buckets against floods: by conversation (its signed token) first, by address only generously.

use lru::LruCache;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

/// Keys remembered at once; the least recently used is forgotten first.
const KEYS_MAX: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();
const MINUTE_MS: i64 = 60_000;

/// A limit of so many a minute for each key, with bursts up to the whole minute's worth.
pub struct PerMinute<K: Hash + Eq> {
    /// 0: no limit.
    limit: u32,
    buckets: Mutex<LruCache<K, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// In ms of the minute: one event costs `MINUTE_MS / limit`.
    left_ms: i64,
    at_ms: i64,
}

impl<K: Hash + Eq> std::fmt::Debug for PerMinute<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PerMinute")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl<K: Hash + Eq> PerMinute<K> {
    pub fn new(limit: u32) -> Self {
        PerMinute {
            limit,
            buckets: Mutex::new(LruCache::new(KEYS_MAX)),
        }
    }

    /// Takes one; false when the key has used its minute up.
    pub fn take(&self, key: K, now_ms: i64) -> bool {
        if self.limit == 0 {
            return true;
        }
        let cost_ms = (MINUTE_MS / i64::from(self.limit)).max(1);
        // The map is whole after every operation, poisoned or not.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get_or_insert_mut(key, || Bucket {
            left_ms: MINUTE_MS,
            at_ms: now_ms,
        });
        let passed_ms = (now_ms - bucket.at_ms).clamp(0, MINUTE_MS);
        bucket.left_ms = (bucket.left_ms + passed_ms).min(MINUTE_MS);
        bucket.at_ms = now_ms;
        let enough = bucket.left_ms >= cost_ms;
        if enough {
            bucket.left_ms -= cost_ms;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_s_worth_passes_and_comes_back_with_time() {
        let limit = PerMinute::new(60);
        let passed = (0..100).filter(|_| limit.take("a", 0)).count();
        assert_eq!(passed, 60);
        assert!(limit.take("b", 0), "another key is not touched");
        assert!(!limit.take("a", 999));
        assert!(limit.take("a", 1999));
        assert!(!limit.take("a", 1999));
    }

    #[test]
    fn zero_is_no_limit_and_a_clock_that_goes_back_does_no_harm() {
        let none = PerMinute::new(0);
        assert!((0..10_000).all(|_| none.take((), 0)));
        let limit = PerMinute::new(2);
        assert!(limit.take((), 100_000));
        assert!(limit.take((), 0));
        assert!(!limit.take((), 0));
    }
}
