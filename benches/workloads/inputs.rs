//! The inputs of the workloads W1 to W8, the same bits as `benches/peers/inputs.py` makes: a splitmix64 counter stream,
//! uniforms of its top 53 bits, and "normals" that are sums of twelve uniforms. Any language makes them alike.

use condense::num::math::powi;
use condense_nn::nets::packed::Neuron;
use condense_nn::tasks::task::Samples;

/// `count` numbers of the stream `seed`, evenly spread over [0, 1).
pub fn uniforms(seed: u64, count: usize) -> Vec<f64> {
    let number = |i: u64| {
        let start = seed.wrapping_mul(0xD134_2543_DE82_EF95);
        let mut z = start.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 11) as f64 / (1u64 << 53) as f64
    };
    (1..=count as u64).map(number).collect()
}

/// `count` sums of twelve uniforms less six, which are as good as normal.
pub fn normals(seed: u64, count: usize) -> Vec<f64> {
    uniforms(seed, 12 * count).chunks(12).map(|twelve| twelve.iter().fold(0.0, |sum, u| sum + u) - 6.0).collect()
}

/// `count` points from -1 to 1.
pub fn grid(count: usize) -> Vec<f64> {
    (0..count).map(|i| -1.0 + 2.0 * i as f64 / (count as f64 - 1.0)).collect()
}

/// What is to be learned.
pub fn target(x: f64) -> f64 {
    2.5 * x / (1.0 + 6.25 * x * x)
}

/// The grid with its targets; inputs end in 1.
pub fn line(count: usize) -> Samples<2> {
    let x = grid(count);
    Samples { y: x.iter().copied().map(target).collect(), x: x.into_iter().map(|x| [x, 1.0]).collect() }
}

/// `m` neurons of one input, from `[a | w | b]`.
pub fn neurons(p: &[f64]) -> Vec<Neuron<2>> {
    let m = p.len() / 3;
    (0..m).map(|k| Neuron { a: p[k], w: [p[m + k], p[2 * m + k]] }).collect()
}

/// W5: 80 points in five dimensions, and 100 neurons from `[a | W (5 × m) | b]`.
pub fn w5() -> (Samples<6>, Vec<Neuron<6>>) {
    const M: usize = 100;
    let u = uniforms(50, 80 * 5);
    let x: Vec<[f64; 6]> =
        u.chunks(5).map(|u| std::array::from_fn(|d| if d < 5 { 2.0 * u[d] - 1.0 } else { 1.0 })).collect();
    let y = x.iter().map(|x| target(x[..5].iter().fold(0.0, |sum, x| sum + x)) + 0.25 * x[0] * x[1]).collect();
    let p: Vec<f64> = normals(5, 7 * M).into_iter().map(|normal| 0.3 * normal).collect();
    let weight = |k: usize, d: usize| p[(1 + d) * M + k];
    let neuron = |k: usize| Neuron { a: p[k], w: std::array::from_fn(|d| weight(k, d)) };
    (Samples { x, y }, (0..M).map(neuron).collect())
}

/// Classes 0 to 9.
pub fn classes(seed: u64, count: usize) -> Vec<usize> {
    uniforms(seed, count).into_iter().map(|u| (10.0 * u) as usize).collect()
}

/// `count` normals times a factor, in single precision.
pub fn singles(factor: f64, seed: u64, count: usize) -> Vec<f32> {
    normals(seed, count).into_iter().map(|normal| (factor * normal) as f32).collect()
}

/// A cell of W4: `κ`, `κ'` and the rate, all powers of two, and the seed of its weights.
#[derive(Clone, Copy)]
pub struct Cell {
    pub kappa: f64,
    pub kappa_prime: f64,
    pub rate: f64,
    pub seed: u64,
}

/// The cells of W4: 20 × 20 points of the phase diagram, three seeds each, 1000 neurons.
pub fn w4() -> Vec<Cell> {
    let power = |exponent: f64| powi(2.0, exponent as i32);
    // The power of two at or below a number: its exponent alone.
    let rounded = |x: f64| f64::from_bits(x.to_bits() & f64::INFINITY.to_bits());
    let point = |cell: usize| {
        let (i, j) = (cell / 60, cell / 3 % 20);
        let (gamma, gamma_prime) = (0.5 + 1.5 * i as f64 / 19.0, -1.0 + 2.0 * j as f64 / 19.0);
        let kappa = power((-gamma * 10.0 + 0.5).floor());
        let kappa_prime = power((-gamma_prime * 10.0 + 0.5).floor());
        let stiffness = kappa * kappa * 1000.0 * (kappa_prime + 1.0 / kappa_prime);
        Cell { kappa, kappa_prime, rate: rounded(0.25 / stiffness), seed: 100 + cell as u64 }
    };
    (0..1200).map(point).collect()
}
