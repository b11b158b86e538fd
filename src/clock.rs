//! The clock, read at the edges only. Legal days are China's (UTC+8, no summer time).

use crate::dialogue::calendar;
use jiff::Timestamp;
use jiff::civil::Date;

/// Milliseconds since the Unix epoch, now.
pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// The day in China at a time.
pub fn china_date(at_ms: i64) -> Date {
    calendar::china(at_ms).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_changes_at_midnight_in_china() {
        let midnight_utc_plus_8 = 1_764_000_000_000; // 2025-11-24T16:00:00Z
        assert_eq!(china_date(midnight_utc_plus_8).to_string(), "2025-11-25");
        assert_eq!(
            china_date(midnight_utc_plus_8 - 1).to_string(),
            "2025-11-24"
        );
    }
}
