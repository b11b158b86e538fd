//! Slows down guessing: after some failures in a row each further one doubles the wait.

use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

/// Keys remembered at once; the least recently used is forgotten first.
const GUESSED_MAX: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();
/// Wait after the first failure that is one too many, in ms.
const FIRST_WAIT_MS: i64 = 30_000;

#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    until_ms: i64,
}

/// Failures in a row by key.
#[derive(Debug)]
pub struct Throttle {
    free: u32,
    wait_max_ms: i64,
    failures: Mutex<LruCache<String, Failures>>,
}

impl Throttle {
    /// `free` failures cost nothing; no wait is longer than `wait_max_ms`.
    pub fn new(free: u32, wait_max_ms: i64) -> Throttle {
        Throttle {
            free,
            wait_max_ms,
            failures: Mutex::new(LruCache::new(GUESSED_MAX)),
        }
    }

    /// Whether a try is to be looked at now.
    pub fn admits(&self, key: &str, now_ms: i64) -> bool {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(key).is_none_or(|f| f.until_ms <= now_ms)
    }

    pub fn failed(&self, key: &str, now_ms: i64) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = failures.get_or_insert_mut(key.to_owned(), Failures::default);
        failure.count = failure.count.saturating_add(1);
        if let Some(over) = failure
            .count
            .checked_sub(self.free)
            .filter(|over| *over > 0)
        {
            let wait_ms = FIRST_WAIT_MS.saturating_mul(1 << (over - 1).min(20));
            failure.until_ms = now_ms.saturating_add(wait_ms.min(self.wait_max_ms));
        }
    }

    pub fn passed(&self, key: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.pop(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_bound_and_ends_with_a_success() {
        let throttle = Throttle::new(2, 100_000);
        for _ in 0..2 {
            throttle.failed("a", 0);
        }
        assert!(throttle.admits("a", 0), "two are free");
        throttle.failed("a", 0);
        assert!(!throttle.admits("a", 29_999) && throttle.admits("a", 30_000));
        throttle.failed("a", 30_000);
        assert!(!throttle.admits("a", 89_999) && throttle.admits("a", 90_000));
        for _ in 0..100 {
            throttle.failed("a", 0);
        }
        assert!(!throttle.admits("a", 99_999) && throttle.admits("a", 100_000));
        assert!(throttle.admits("b", 0), "another key is not touched");
        throttle.passed("a");
        assert!(throttle.admits("a", 0));
    }
}
