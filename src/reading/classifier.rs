//! Sparse linear classifier: multinomial logistic regression over hashed characters, pairs of characters and words.
//!
//! Trained at start by stochastic gradient descent in a fixed order, so equal samples give equal weights. Rows are
//! L2-normalised and the weights shrink at each step. A temperature fitted on a held-out fold makes the
//! probabilities honest; the weights kept are those of all samples.

use super::text::{Text, is_letter};

/// Features are hashed to this many bits.
const HASH_BITS: u32 = 18;
/// A feature must occur in this many samples.
const SAMPLES_MIN: u32 = 2;
/// Passes over the samples.
const EPOCHS: u32 = 8;
/// First learning rate; it falls with 1/(1 + epoch / [`RATE_HALVED`]).
const RATE: f32 = 8.0;
/// Epochs after which the learning rate is half the first.
const RATE_HALVED: f32 = 3.0;
/// Strength of the pull of all weights towards zero.
const SHRINK: f32 = 1e-5;
/// Gradients below this are not written back.
const GRADIENT_MIN: f32 = 3e-3;
/// One sample in this many is held out to fit the temperature.
const FOLDS: usize = 5;

/// A trained classifier: weights in two bytes each (the upper half of an `f32`).
pub struct Classifier {
    /// Hash of a feature to its row, [`NO_ROW`] where it was not seen in training.
    row_of: Vec<u32>,
    /// Weight of a feature in the text, before normalising.
    rarity: Vec<f32>,
    /// Rows of `classes` weights.
    weights: Vec<u16>,
    bias: Vec<f32>,
    temperature: Temperature,
}

/// Makes scores probabilities. Texts with many telling words score so high that one temperature for all would call
/// them too sure and the others not sure enough: it grows with the lead of the best score over the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Temperature {
    base: f32,
    /// 0: the same for all texts; 1: in proportion to the lead.
    power: f32,
}

impl Temperature {
    const NONE: Temperature = Temperature {
        base: 1.0,
        power: 0.0,
    };

    fn apply(self, scores: &mut [f32]) {
        let largest = scores.iter().fold(f32::NEG_INFINITY, |m, &s| m.max(s));
        let mean = scores.iter().sum::<f32>() / scores.len().max(1) as f32;
        let lead = (largest - mean).max(LEAD_MIN);
        let factor = (self.base * lead.powf(self.power)).recip();
        scores.iter_mut().for_each(|score| *score *= factor);
        softmax(scores);
    }
}

const NO_ROW: u32 = u32::MAX;

/// Hashed features of one text, sorted, with how often each occurs.
pub struct Features(Vec<(u32, f32)>);

/// Class and features.
type Sample<'a> = (usize, &'a Features);

/// Samples as sparse rows.
struct Matrix {
    /// Ranges into `entries`.
    starts: Vec<usize>,
    /// (row, value) of L2-normalised samples.
    entries: Vec<(u32, f32)>,
    classes: Vec<usize>,
    /// (Mean size of classes / size of its class) for each sample: rare classes count as much as common ones.
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
        let samples: Vec<Sample> = samples.iter().map(|s| s.0).zip(&features).collect();
        let (most, held) = split(&samples);
        let temperature = Classifier::fit(&most, classes).best_temperature(&held);
        Classifier {
            temperature,
            ..Classifier::fit(&samples, classes)
        }
    }

    /// Trains without a temperature.
    fn fit(samples: &[Sample], classes: usize) -> Classifier {
        let (row_of, rarity) = rows(samples);
        let matrix = Matrix::new(samples, &row_of, &rarity, classes);
        let model = Model::fit(&matrix, rarity.len(), classes);
        let weights = model.rows.iter().map(|w| narrowed(w * model.scale));
        Classifier {
            row_of,
            rarity,
            weights: weights.collect(),
            bias: model.bias,
            temperature: Temperature::NONE,
        }
    }

    /// The temperature under which held-out samples are most likely.
    fn best_temperature(&self, held: &[Sample]) -> Temperature {
        if held.is_empty() {
            return Temperature::NONE;
        }
        let scored: Vec<(usize, Vec<f32>)> = held
            .iter()
            .map(|(class, features)| {
                let mut scores = Vec::new();
                self.score(features, &mut scores);
                (*class, scores)
            })
            .collect();
        let loss = |temperature: Temperature| -> f32 {
            let mut p = Vec::new();
            let of = |(class, scores): &(usize, Vec<f32>)| {
                p.clone_from(scores);
                temperature.apply(&mut p);
                -p[*class].max(f32::MIN_POSITIVE).ln()
            };
            scored.iter().map(of).sum()
        };
        (0..=POWER_STEPS)
            .map(|step| step as f32 / POWER_STEPS as f32)
            .map(|power| {
                let of = |base| loss(Temperature { base, power });
                let base = golden_minimum(of, TEMPERATURE_MIN, TEMPERATURE_MAX);
                Temperature { base, power }
            })
            .min_by(|a, b| loss(*a).total_cmp(&loss(*b)))
            .unwrap_or(Temperature::NONE)
    }

    /// Calibrated probabilities of all classes, summing to 1, into `out`.
    pub fn probabilities(&self, text: &Text, out: &mut Vec<f32>) {
        self.of_features(&features(text), out);
    }

    /// As [`Classifier::probabilities`], for features counted before.
    pub fn of_features(&self, features: &Features, out: &mut Vec<f32>) {
        self.score(features, out);
        self.temperature.apply(out);
    }

    /// Scores of all classes before softmax.
    fn score(&self, features: &Features, out: &mut Vec<f32>) {
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
            let weights = &self.weights[row * classes..(row + 1) * classes];
            for (score, &weight) in out.iter_mut().zip(weights) {
                *score += value * widened(weight);
            }
        }
        let norm = if square > 0.0 {
            square.sqrt().recip()
        } else {
            0.0
        };
        for (score, bias) in out.iter_mut().zip(&self.bias) {
            *score = *score * norm + bias;
        }
    }

    /// Bytes the trained classifier takes.
    pub fn bytes(&self) -> usize {
        2 * self.weights.len() + 4 * (self.row_of.len() + self.rarity.len())
    }
}

/// Counts the hashed features of a text: single characters and pairs within clauses, words, legal terms.
/// Longer n-grams and pairs of words were tried and made held-out samples worse.
pub fn features(text: &Text) -> Features {
    let said = without_greeting(&text.normal);
    let greeted = said.len() < text.normal.len();
    let mut hashes = Vec::with_capacity(said.len() * 2);
    let mut last = Some(START);
    for c in said.chars().chain([END]) {
        let c = if c.is_ascii_digit() { '0' } else { c };
        if c != END && !is_letter(c) {
            last = None;
            continue;
        }
        if c != END {
            hashes.push(hash([c, ALONE].into_iter()));
        }
        if let Some(last) = last {
            hashes.push(hash([last, c].into_iter()));
        }
        last = Some(c);
    }
    for term in &text.terms {
        if !(greeted && GREETINGS.contains(&term.text.as_str())) {
            hashes.push(hash(term.text.chars().chain([WORD])));
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

/// What a question is opened with. It says nothing of what is wanted, but alone it is small talk.
const GREETINGS: [&str; 14] = [
    "你好",
    "您好",
    "你们好",
    "大家好",
    "各位好",
    "律师好",
    "在吗",
    "在线吗",
    "请问",
    "问一下",
    "问下",
    "打扰了",
    "hello",
    "hi",
];
/// Letters that must be left for a greeting not to be the message itself.
const SAID_MIN: usize = 5;

/// The text after its greetings; the whole where little else is said.
fn without_greeting(normal: &str) -> &str {
    let mut said = normal;
    while let Some(rest) = GREETINGS.iter().find_map(|g| said.strip_prefix(g)) {
        said = rest.trim_start_matches(|c| !is_letter(c));
    }
    let letters = said.chars().filter(|c| is_letter(*c)).take(SAID_MIN);
    if letters.count() < SAID_MIN {
        return normal;
    }
    said
}

/// Stand for the begin and the end of a text, for a single character and for a word; never part of a text.
const START: char = '\u{2}';
const END: char = '\u{3}';
const ALONE: char = '\u{4}';
const WORD: char = '\u{5}';

fn hash(chars: impl Iterator<Item = char>) -> u32 {
    let mix = |hash: u32, c: char| (hash.rotate_left(5) ^ u32::from(c)).wrapping_mul(0x9E37_79B9);
    let hash = chars.fold(0x51ED_270B, mix);
    (hash ^ hash >> 15).wrapping_mul(0x2C1B_3C6D) >> (32 - HASH_BITS)
}

/// Gives a row to every feature that is common enough, and its rarity.
fn rows(samples: &[Sample]) -> (Vec<u32>, Vec<f32>) {
    let mut row_of = vec![0u32; 1 << HASH_BITS];
    for (_, features) in samples {
        for &(hash, _) in &features.0 {
            row_of[hash as usize] += 1;
        }
    }
    let mut rarity = Vec::new();
    for row in &mut row_of {
        if *row < SAMPLES_MIN {
            *row = NO_ROW;
        } else {
            let share = samples.len() as f32 / *row as f32;
            *row = rarity.len() as u32;
            rarity.push(1.0 + share.ln());
        }
    }
    (row_of, rarity)
}

/// Samples to train on and to hold out: every class gives every [`FOLDS`]th of its samples.
fn split<'a>(samples: &[Sample<'a>]) -> (Vec<Sample<'a>>, Vec<Sample<'a>>) {
    let mut seen = std::collections::HashMap::new();
    samples.iter().partition(|(class, _)| {
        let count = seen.entry(*class).or_insert(0usize);
        *count += 1;
        !count.is_multiple_of(FOLDS)
    })
}

impl Matrix {
    fn new(samples: &[Sample], row_of: &[u32], rarity: &[f32], classes: usize) -> Matrix {
        let mut starts = vec![0];
        let mut entries = Vec::new();
        for (_, features) in samples {
            let start = entries.len();
            entries.extend(features.0.iter().filter_map(|&(hash, count)| {
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
        let weight = |class: usize| mean / sizes[class] as f32;
        Matrix {
            starts,
            entries,
            classes: samples.iter().map(|s| s.0).collect(),
            weights: samples.iter().map(|s| weight(s.0)).collect(),
        }
    }

    fn row(&self, sample: usize) -> &[(u32, f32)] {
        &self.entries[self.starts[sample]..self.starts[sample + 1]]
    }
}

impl Model {
    fn fit(samples: &Matrix, rows: usize, classes: usize) -> Model {
        let mut model = Model {
            rows: vec![0.0; rows * classes],
            scale: 1.0,
            bias: vec![0.0; classes],
        };
        let mut order: Vec<usize> = (0..samples.classes.len()).collect();
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
    fn step(&mut self, samples: &Matrix, sample: usize, rate: f32, scores: &mut Vec<f32>) {
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
}

/// The nearest number with eight bits of precision.
fn narrowed(weight: f32) -> u16 {
    (weight.to_bits().wrapping_add(0x8000) >> 16) as u16
}

fn widened(weight: u16) -> f32 {
    f32::from_bits(u32::from(weight) << 16)
}

/// The bias learns slower than the weights: it would follow the last samples.
const BIAS_RATE: f32 = 0.02;
const TEMPERATURE_MIN: f32 = 0.05;
const TEMPERATURE_MAX: f32 = 5.0;
/// Powers tried: 0 to 1 in this many steps.
const POWER_STEPS: u32 = 4;
/// Smallest lead of the best score that counts, so that a text without known words stays undecided.
const LEAD_MIN: f32 = 0.5;
/// Steps of the search for the temperature; each narrows it by 0.62.
const SEARCH_STEPS: u32 = 10;

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
