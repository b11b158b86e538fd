//! Erlang C: how long callers wait at `servers` alike servers, in the order in which they came.

/// Probability that one who asks has to wait: Poisson arrivals, exponential durations, nobody gives up. `erlangs` is the
/// offered load, arrivals a second times mean seconds. `None` when the load is more than the servers can do.
///
/// A. K. Erlang, 1917. By way of the recursion for Erlang B, which needs no factorials: B(0) = 1,
/// B(n) = a B(n-1) / (n + a B(n-1)), then C = n B / (n - a (1 - B)) (Koole, Call Center Optimization, 2013).
pub fn waits(servers: u32, erlangs: f64) -> Option<f64> {
    let n = f64::from(servers);
    if erlangs >= n {
        return None;
    }
    let blocked = (1..=servers).fold(1.0, |b, n| erlangs * b / (f64::from(n) + erlangs * b));
    Some(n * blocked / (n - erlangs * (1.0 - blocked)))
}

/// Probability of an answer within `seconds` when a conversation takes `mean_s` in the mean.
pub fn within(servers: u32, erlangs: f64, mean_s: f64, seconds: f64) -> Option<f64> {
    let waits = waits(servers, erlangs)?;
    let rate = (f64::from(servers) - erlangs) / mean_s;
    Some(1.0 - waits * (-rate * seconds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // One server: the load itself. Two: 2 rho^2 / (1 + rho).
        assert!((waits(1, 0.5).unwrap() - 0.5).abs() < 1e-12);
        assert!((waits(2, 1.0).unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert!((waits(12, 10.0).unwrap() - 0.449_4).abs() < 5e-5);
        assert_eq!(waits(10, 10.0), None);
        assert!(waits(2_000, 1_500.0).unwrap() < 1e-9);
        let one = within(1, 0.5, 60.0, 120.0).unwrap();
        assert!((one - (1.0 - 0.5 * (-1.0f64).exp())).abs() < 1e-12);
    }
}
