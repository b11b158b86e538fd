//! Sparse linear classifier: multinomial logistic regression over hashed character n-grams and words.
//!
//! Trained at start by stochastic gradient descent in a fixed order, so equal samples give equal weights. Rows are
//! L2-normalised and the weights shrink at each step. A temperature fitted on a held-out fold makes the
//! probabilities honest; the weights kept are those of all samples.

use super::text::Text;

/// Features are hashed to this many bits.
const HASH_BITS: u32 = 18;
/// A feature must occur in this many samples.
const SAMPLES_MIN: u32 = 2;
/// Passes over the samples.
const EPOCHS: u32 = 12;
/// First learning rate; it falls with 1/(1 + epoch / [`RATE_HALVED`]).
const RATE: f32 = 8.0;
/// Epochs after which the learning rate is half the first.
const RATE_HALVED: f32 = 3.0;
/// Strength of the pull of all weights towards zero.
const SHRINK: f32 = 1.5e-6;
/// Gradients below this are not written back.
const GRADIENT_MIN: f32 = 1e-3;
/// One sample in this many is held out to fit the temperature.
const FOLDS: usize = 5;
/// Weight of a sample is (mean size of classes / size of its class) to this power.
const BALANCE: f32 = 0.5;

/// A trained classifier: weights in one byte each.
pub struct Classifier {
    /// Hash of a feature to its row, [`NO_ROW`] where it was not seen in training.
    row_of: Vec<u32>,
    /// Weight of a feature in the text, before normalising.
    rarity: Vec<f32>,
    /// Rows of `classes` weights, in units of the row's scale.
    weights: Vec<i8>,
    scale: Vec<f32>,
    bias: Vec<f32>,
    temperature: f32,
}

const NO_ROW: u32 = u32::MAX;

/// Hashed features of one text, sorted, with how often each occurs.
pub struct Features(Vec<(u32, f32)>);

/// Samples as sparse rows.
struct Samples {
    /// Ranges into `entries`.
    starts: Vec<usize>,
    /// (row, value) of L2-normalised samples.
    entries: Vec<(u32, f32)>,
    classes: Vec<usize>,
    weights: Vec<f32>,
}

/// Weights while training: rows of `classes` floats, to be multiplied by `scale`.
struct Model {
    rows: Vec<f32>,
    scale: f32,
    bias: Vec<f32>,
}

impl Classifier {
    /// Trains on (class, text) pairs, classes being 0 to `classes - 1`.
    pub fn train(samples: &[(usize, &Text)], classes: usize) -> Classifier {
        let features: Vec<Features> = samples.iter().map(|(_, text)| features(text)).collect();
        let (row_of, rarity) = rows(&features);
        let prepared = Samples::new(samples, &features, &row_of, &rarity, classes);
        let (train, held) = prepared.split();
        let held_out = Model::fit(&prepared, &train, rarity.len(), classes);
        let temperature = held_out.temperature(&prepared, &held);
        drop(held_out);
        let all: Vec<usize> = (0..samples.len()).collect();
        let model = Model::fit(&prepared, &all, rarity.len(), classes);
        let (weights, scale) = model.quantised(classes);
        Classifier {
            row_of,
            rarity,
            weights,
            scale,
            bias: model.bias,
            temperature,
        }
    }

    /// Calibrated probabilities of all classes, summing to 1, into `out`.
    pub fn probabilities(&self, text: &Text, out: &mut Vec<f32>) {
        self.of_features(&features(text), out);
    }

    /// As [`Classifier::probabilities`], for features counted before.
    pub fn of_features(&self, features: &Features, out: &mut Vec<f32>) {
        let classes = self.bias.len();
        out.clear();
        out.resize(classes, 0.0);
        let mut square = 0.0;
        for &(hash, count) in &features.0 {
            let row = self.row_of[hash as usize];
            if row == NO_ROW {
                continue;
            }
            let row = row as usize;
            let value = count * self.rarity[row];
            square += value * value;
            let factor = value * self.scale[row];
            let weights = &self.weights[row * classes..(row + 1) * classes];
            for (score, &weight) in out.iter_mut().zip(weights) {
                *score += factor * f32::from(weight);
            }
        }
        let norm = if square > 0.0 {
            square.sqrt().recip()
        } else {
            0.0
        };
        for (score, bias) in out.iter_mut().zip(&self.bias) {
            *score = (*score * norm + bias) / self.temperature;
        }
        softmax(out);
    }

    /// Bytes the trained classifier takes.
    pub fn bytes(&self) -> usize {
        self.weights.len() + 4 * (self.row_of.len() + self.rarity.len() + self.scale.len())
    }
}

/// Counts the hashed features of a text: character 1- to 3-grams within clauses, words, legal terms, pairs of words.
pub fn features(text: &Text) -> Features {
    let mut hashes = Vec::with_capacity(text.normal.len() * 2);
    let mut window = [START, START, START];
    let mut filled = 1;
    for c in text.normal.chars().chain([END]) {
        let c = if c.is_ascii_digit() { '0' } else { c };
        if c != END && !c.is_alphanumeric() {
            filled = 0;
            continue;
        }
        window = [window[1], window[2], c];
        filled = (filled + 1).min(3);
        for length in 1..=filled {
            if c != END || length > 1 {
                hashes.push(hash_chars(&window[3 - length..]));
            }
        }
    }
    let mut previous = 0;
    for term in &text.terms {
        let word = hash_word(&term.text, 0);
        hashes.push(word >> (32 - HASH_BITS));
        if !term.synonym {
            if previous != 0 {
                hashes.push(hash_word(&term.text, previous) >> (32 - HASH_BITS));
            }
            previous = word | 1;
        }
    }
    hashes.sort_unstable();
    let mut counted: Vec<(u32, f32)> = Vec::with_capacity(hashes.len());
    for hash in hashes {
        match counted.last_mut() {
            Some((last, count)) if *last == hash => *count += 1.0,
            _ => counted.push((hash, 1.0)),
        }
    }
    for (_, count) in &mut counted {
        if *count > 1.0 {
            *count = 1.0 + count.ln();
        }
    }
    Features(counted)
}

/// Stand for the begin and the end of a text; never part of one.
const START: char = '\u{2}';
const END: char = '\u{3}';

fn mix(hash: u32, value: u32) -> u32 {
    (hash.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9)
}

fn hash_chars(chars: &[char]) -> u32 {
    let hash = chars.iter().fold(0x51ED_270B, |h, &c| mix(h, u32::from(c)));
    mix(hash, chars.len() as u32) >> (32 - HASH_BITS)
}

fn hash_word(word: &str, seed: u32) -> u32 {
    let hash = word
        .chars()
        .fold(seed ^ 0x2545_F491, |h, c| mix(h, u32::from(c)));
    mix(hash, 0x7F4A_7C15)
}

/// Gives a row to every feature that is common enough, and its rarity.
fn rows(features: &[Features]) -> (Vec<u32>, Vec<f32>) {
    let mut row_of = vec![0u32; 1 << HASH_BITS];
    for sample in features {
        for &(hash, _) in &sample.0 {
            row_of[hash as usize] += 1;
        }
    }
    let mut rarity = Vec::new();
    for row in &mut row_of {
        if *row < SAMPLES_MIN {
            *row = NO_ROW;
        } else {
            let share = features.len() as f32 / *row as f32;
            *row = rarity.len() as u32;
            rarity.push(1.0 + share.ln());
        }
    }
    (row_of, rarity)
}

impl Samples {
    fn new(
        samples: &[(usize, &Text)],
        features: &[Features],
        row_of: &[u32],
        rarity: &[f32],
        classes: usize,
    ) -> Samples {
        let mut starts = vec![0];
        let mut entries = Vec::new();
        for sample in features {
            let start = entries.len();
            entries.extend(sample.0.iter().filter_map(|&(hash, count)| {
                let row = row_of[hash as usize];
                (row != NO_ROW).then(|| (row, count * rarity[row as usize]))
            }));
            let square: f32 = entries[start..].iter().map(|(_, v)| v * v).sum();
            if square > 0.0 {
                let norm = square.sqrt().recip();
                entries[start..].iter_mut().for_each(|(_, v)| *v *= norm);
            }
            starts.push(entries.len());
        }
        let mut sizes = vec![0u32; classes];
        for (class, _) in samples {
            sizes[*class] += 1;
        }
        let mean = samples.len() as f32 / classes.max(1) as f32;
        let weight = |class: usize| (mean / sizes[class] as f32).powf(BALANCE);
        Samples {
            starts,
            entries,
            classes: samples.iter().map(|s| s.0).collect(),
            weights: samples.iter().map(|s| weight(s.0)).collect(),
        }
    }

    fn row(&self, sample: usize) -> &[(u32, f32)] {
        &self.entries[self.starts[sample]..self.starts[sample + 1]]
    }

    /// Numbers of samples to train on and to hold out: every class gives every [`FOLDS`]th of its samples.
    fn split(&self) -> (Vec<usize>, Vec<usize>) {
        let mut seen = std::collections::HashMap::new();
        (0..self.classes.len()).partition(|&sample| {
            let count = seen.entry(self.classes[sample]).or_insert(0usize);
            *count += 1;
            !count.is_multiple_of(FOLDS)
        })
    }
}

impl Model {
    fn fit(samples: &Samples, numbers: &[usize], rows: usize, classes: usize) -> Model {
        let mut model = Model {
            rows: vec![0.0; rows * classes],
            scale: 1.0,
            bias: vec![0.0; classes],
        };
        let mut order = numbers.to_vec();
        let mut random = 0x853C_49E6_748F_EA9B_u64;
        let mut scores = Vec::with_capacity(classes);
        for epoch in 0..EPOCHS {
            shuffle(&mut order, &mut random);
            let rate = RATE / (1.0 + epoch as f32 / RATE_HALVED);
            for &sample in &order {
                model.step(samples, sample, rate, &mut scores);
            }
        }
        model
    }

    /// One step down the gradient of one sample.
    fn step(&mut self, samples: &Samples, sample: usize, rate: f32, scores: &mut Vec<f32>) {
        let classes = self.bias.len();
        self.score(samples.row(sample), scores);
        softmax(scores);
        scores[samples.classes[sample]] -= 1.0;
        self.scale *= 1.0 - rate * SHRINK;
        let rate = rate * samples.weights[sample];
        // Most classes are already out of the question; their gradients would only cost time.
        let active: Vec<(usize, f32)> = scores
            .iter()
            .enumerate()
            .filter(|(_, gradient)| gradient.abs() >= GRADIENT_MIN)
            .map(|(class, gradient)| (class, gradient * rate))
            .collect();
        for &(row, value) in samples.row(sample) {
            let row = &mut self.rows[row as usize * classes..(row as usize + 1) * classes];
            let value = value / self.scale;
            for &(class, change) in &active {
                row[class] -= change * value;
            }
        }
        for &(class, change) in &active {
            self.bias[class] -= change * BIAS_RATE;
        }
    }

    /// Scores of all classes before softmax.
    fn score(&self, entries: &[(u32, f32)], scores: &mut Vec<f32>) {
        let classes = self.bias.len();
        scores.clear();
        scores.resize(classes, 0.0);
        for &(row, value) in entries {
            let row = &self.rows[row as usize * classes..(row as usize + 1) * classes];
            for (score, weight) in scores.iter_mut().zip(row) {
                *score += value * weight;
            }
        }
        for (score, bias) in scores.iter_mut().zip(&self.bias) {
            *score = *score * self.scale + bias;
        }
    }

    /// The temperature under which held-out samples are most likely.
    fn temperature(&self, samples: &Samples, held: &[usize]) -> f32 {
        let scored: Vec<(usize, Vec<f32>)> = held
            .iter()
            .map(|&sample| {
                let mut scores = Vec::new();
                self.score(samples.row(sample), &mut scores);
                (samples.classes[sample], scores)
            })
            .collect();
        let loss = |temperature: f32| -> f32 {
            let of = |(class, scores): &(usize, Vec<f32>)| {
                let mut p: Vec<f32> = scores.iter().map(|s| s / temperature).collect();
                softmax(&mut p);
                -p[*class].max(f32::MIN_POSITIVE).ln()
            };
            scored.iter().map(of).sum()
        };
        if scored.is_empty() {
            return 1.0;
        }
        golden_minimum(loss, TEMPERATURE_MIN, TEMPERATURE_MAX)
    }

    /// Weights as bytes with one scale a row.
    fn quantised(&self, classes: usize) -> (Vec<i8>, Vec<f32>) {
        let mut weights = Vec::with_capacity(self.rows.len());
        let mut scales = Vec::new();
        for row in self.rows.chunks_exact(classes.max(1)) {
            let largest = row.iter().fold(0.0f32, |m, w| m.max(w.abs()));
            let unit = (largest / f32::from(i8::MAX)).max(f32::MIN_POSITIVE);
            weights.extend(row.iter().map(|w| (w / unit).round() as i8));
            scales.push(unit * self.scale);
        }
        (weights, scales)
    }
}

/// The bias learns slower than the weights: it would follow the last samples.
const BIAS_RATE: f32 = 0.02;
const TEMPERATURE_MIN: f32 = 0.2;
const TEMPERATURE_MAX: f32 = 5.0;
/// Steps of the search for the temperature; each narrows it by 0.62.
const SEARCH_STEPS: u32 = 16;

/// Where a function with one valley is least, by golden section.
fn golden_minimum(f: impl Fn(f32) -> f32, mut low: f32, mut high: f32) -> f32 {
    const RATIO: f32 = 0.618_034;
    for _ in 0..SEARCH_STEPS {
        let left = high - (high - low) * RATIO;
        let right = low + (high - low) * RATIO;
        if f(left) < f(right) {
            high = right;
        } else {
            low = left;
        }
    }
    (low + high) / 2.0
}

fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().fold(f32::NEG_INFINITY, |m, &s| m.max(s));
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|s| *s /= sum);
}

/// Fisher–Yates with a xorshift generator: the same order in every run.
fn shuffle(order: &mut [usize], random: &mut u64) {
    for last in (1..order.len()).rev() {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        order.swap(last, (*random % (last as u64 + 1)) as usize);
    }
}
