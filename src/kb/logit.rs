//! What the two fitted rankings share: Newton's method for a convex loss, and weights by name in a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Smallest pivot of the solver.
const PIVOT_MIN: f64 = 1e-8;

/// A loss, its gradient and the lower half of its Hessian.
pub type Derivatives<const N: usize> = (f64, [f64; N], [[f64; N]; N]);

/// The weights of the least loss, by Newton's method from zero: at most `steps_max` steps, and no more once one gains
/// less than `gain_min`. Deterministic.
pub fn newton<const N: usize>(
    steps_max: usize,
    gain_min: f64,
    derivatives: impl Fn(&[f64; N]) -> Derivatives<N>,
) -> [f32; N] {
    let mut weights = [0f64; N];
    let mut step = [0f64; N];
    let (mut last, mut share) = (f64::INFINITY, 1.0);
    for _ in 0..steps_max {
        let tried: [f64; N] = std::array::from_fn(|i| weights[i] - share * step[i]);
        let (loss, gradient, hessian) = derivatives(&tried);
        if loss > last {
            // Too far: half the way.
            share /= 2.0;
            continue;
        }
        weights = tried;
        share = 1.0;
        if last - loss < gain_min {
            break;
        }
        last = loss;
        step = solve(hessian, gradient);
    }
    weights.map(|w| w as f32)
}

/// The weights in the order of their names; `None` unless the file has exactly these.
pub fn in_order<const N: usize>(
    file: &BTreeMap<String, f32>,
    names: &[&str; N],
) -> Option<[f32; N]> {
    let mut weights = [0.0; N];
    for (weight, name) in weights.iter_mut().zip(names) {
        *weight = *file.get(*name)?;
    }
    (file.len() == N).then_some(weights)
}

/// The weights as a table of a file.
pub fn table<const N: usize>(title: &str, names: &[&str; N], weights: &[f32; N]) -> String {
    let mut text = format!("[{title}]\n");
    for (name, weight) in names.iter().zip(weights) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name} = {weight:.4}");
    }
    text
}

/// Solves `matrix · x = right` for a symmetric positive definite matrix given by its lower half (Cholesky).
fn solve<const N: usize>(matrix: [[f64; N]; N], right: [f64; N]) -> [f64; N] {
    let mut low = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| low[i][k] * low[j][k]).sum();
            low[i][j] = if i == j {
                // A ridge keeps the diagonal positive; rounding must not make it a NaN.
                (matrix[i][i] - known).max(PIVOT_MIN).sqrt()
            } else {
                (matrix[i][j] - known) / low[j][j]
            };
        }
    }
    let mut x = right;
    for i in 0..N {
        let known: f64 = (0..i).map(|k| low[i][k] * x[k]).sum();
        x[i] = (x[i] - known) / low[i][i];
    }
    for i in (0..N).rev() {
        let known: f64 = (i + 1..N).map(|k| low[k][i] * x[k]).sum();
        x[i] = (x[i] - known) / low[i][i];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 12;

    #[test]
    fn the_solver_solves() {
        let mut matrix = [[0.0; SIZE]; SIZE];
        for (i, row) in matrix.iter_mut().enumerate() {
            row[i] = 2.0 + i as f64;
            if i > 0 {
                row[i - 1] = 0.5;
            }
        }
        let want: [f64; SIZE] = std::array::from_fn(|i| i as f64 - 3.0);
        let right = std::array::from_fn(|i| {
            let below = if i + 1 < SIZE { 0.5 * want[i + 1] } else { 0.0 };
            let above = if i > 0 { 0.5 * want[i - 1] } else { 0.0 };
            matrix[i][i] * want[i] + below + above
        });
        for (got, want) in solve(matrix, right).iter().zip(want) {
            assert!((got - want).abs() < 1e-9);
        }
    }
}
