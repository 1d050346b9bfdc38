//! How far the elementary functions of hot loops are from the truth, and that `docs/functions.md` says so.
//!
//! `cargo test --release --package condense-num --test functions -- --ignored --nocapture` measures millions of arguments and prints the table.
#![allow(clippy::disallowed_methods)] // what it reads was made for it

mod wide;

use condense_num::rng::Stream;
use condense_num::{functions, math};
use std::collections::BTreeMap;
use std::f64::consts::{FRAC_PI_2, LN_2, SQRT_2};
use std::fs;
use std::path::Path;
use wide::Wide;

/// One function of the table.
struct Row {
    name: &'static str,
    own: fn(f64) -> f64,
    /// What `libm` has for it, for comparison.
    other: fn(f64) -> f64,
    reference: fn(f64) -> Wide,
    /// Where it is measured: the value is neither subnormal nor infinite.
    range: [f64; 2],
    /// Between their multiples something changes: the reduction, or the branch.
    seams: &'static [f64],
}

#[rustfmt::skip]
const ROWS: [Row; 8] = [
    Row { name: "exp", own: math::exp, other: libm::exp, reference: wide::exp, range: [-600.0, 709.78], seams: &[LN_2 / 2.0] },
    Row { name: "expm1", own: math::expm1, other: libm::expm1, reference: wide::expm1, range: [-600.0, 709.78], seams: &[LN_2 / 2.0] },
    Row { name: "tanh", own: math::tanh, other: libm::tanh, reference: wide::tanh, range: [-600.0, 600.0], seams: &[LN_2 / 4.0, 0.875] },
    Row { name: "ln", own: functions::ln, other: libm::log, reference: wide::ln, range: [5e-324, f64::MAX], seams: &[SQRT_2 / 2.0] },
    Row { name: "sin", own: functions::sin, other: libm::sin, reference: wide::sin, range: [-functions::REACH, functions::REACH], seams: &[FRAC_PI_2 / 2.0] },
    Row { name: "cos", own: functions::cos, other: libm::cos, reference: wide::cos, range: [-functions::REACH, functions::REACH], seams: &[FRAC_PI_2 / 2.0] },
    Row { name: "sigmoid", own: functions::sigmoid, other: plain_sigmoid, reference: wide::sigmoid, range: [-600.0, 600.0], seams: &[LN_2 / 2.0] },
    Row { name: "softplus", own: functions::softplus, other: plain_softplus, reference: wide::softplus, range: [-600.0, 600.0], seams: &[LN_2 / 2.0] },
];

fn plain_sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

fn plain_softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

impl Row {
    /// Arguments of every kind within the range, about `count`.
    fn arguments(&self, count: usize) -> impl Iterator<Item = f64> {
        let ([low, high], seams) = (self.range, self.seams);
        let mut stream = Stream::root(1).fork(self.name);
        let draws = (0..count).map(move |i| (i % 7, seams[i / 7 % seams.len()])).map(move |(kind, seam)| match kind {
            0 if high < f64::MAX => stream.uniform(low, high),
            0 | 1 => stream.uniform(-1.0, 1.0),
            2 => stream.uniform(-20.0, 20.0),
            // Every binade that the reference can tell apart.
            3 => math::powi(2.0, stream.uniform(-300.0, 31.0) as i32) * stream.uniform(-2.0, 2.0),
            // The last few numbers before and after a seam, a low one or any.
            4 => beside((stream.unit() * 64.0).floor() * seam, &mut stream),
            5 => beside((stream.unit() * (high / seam).min(2e9)).floor() * seam, &mut stream),
            _ => f64::from_bits(stream.word()),
        });
        let tiny = if low > 0.0 { low } else { 1e-200 };
        draws
            .map(move |x| if low > 0.0 { x.abs() } else { x })
            .filter(move |x| (low..=high).contains(x) && x.abs() >= tiny)
    }

    /// The largest errors in units of the last place, ours and the other's, and the number of arguments tried.
    fn worst(&self, count: usize) -> (f64, f64, usize) {
        self.arguments(count).fold((0.0, 0.0, 0), |(own, other, tried), x| {
            let truth = (self.reference)(x);
            let larger = |worst: f64, value: f64| {
                let error = ulps(value, truth);
                assert!(!error.is_nan(), "{} at {x:e}", self.name);
                worst.max(error)
            };
            (larger(own, (self.own)(x)), larger(other, (self.other)(x)), tried + 1)
        })
    }
}

/// A number within a few steps of `x`, of either sign.
fn beside(x: f64, stream: &mut Stream) -> f64 {
    let near = f64::from_bits(x.to_bits() + (stream.word() % 17)) - x;
    let moved = if stream.unit() < 0.5 { x + near } else { x - near };
    moved.copysign(stream.unit() - 0.5)
}

/// The distance from the truth in units of the last place.
fn ulps(value: f64, truth: Wide) -> f64 {
    let size = truth.0.abs();
    let unit = f64::from_bits(size.to_bits() + 1) - size;
    ((value - truth.0) - truth.1).abs() / unit
}

/// Name → documented largest error.
fn documented() -> BTreeMap<String, f64> {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/functions.md")).expect("the table");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let name = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?;
        Some((name.to_owned(), cells.get(3)?.parse().ok()?))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn no_error_is_larger_than_documented_and_none_is_above_two_ulp() {
    let documented = documented();
    for row in &ROWS {
        let (worst, _, tried) = row.worst(30_000);
        let bound = documented[row.name];
        assert!(tried > 15_000 && worst <= bound && bound <= 2.0, "{}: {worst}, documented {bound}", row.name);
        assert!(worst > 0.5 && worst > 0.75 * bound, "{}: {worst}, documented {bound}: is it measured?", row.name);
    }
}

/// Where the low part of the reference would vanish, it is lifted by 2²⁰⁰.
#[test]
fn tiny_values_are_right_too_and_subnormal_ones_to_one_step() {
    let mut stream = Stream::root(1).fork("tiny");
    let lift = math::powi(2.0, 200);
    for _ in 0..20_000 {
        let x = stream.uniform(-745.0, -600.0);
        let truth = wide::exp_lifted(x, 200);
        for value in [math::exp(x), functions::sigmoid(x), functions::softplus(x)] {
            let error = (value * lift - truth.0 - truth.1).abs();
            assert!(error <= 5e-324 * lift || ulps(value * lift, truth) <= 2.0, "{x}: {value}");
        }
    }
}

/// The numbers as decimal fractions, from elsewhere, to 30 digits and more.
#[test]
fn the_reference_knows_some_famous_numbers() {
    let known = [
        (wide::exp(1.0), [std::f64::consts::E, 1.4456468917292502e-16]),
        (wide::ln(10.0), [std::f64::consts::LN_10, -2.1707562233822494e-16]),
        (wide::sin(1.0), [0.8414709848078965, 1.776845092935536e-18]),
        (wide::softplus(0.0), [LN_2, 2.3190468138462996e-17]),
    ];
    for (value, [high, low]) in known {
        assert_eq!(value.0, high);
        assert!((value.1 - low).abs() < 1e-31, "{value:?}");
    }
}

#[test]
#[ignore = "prints the table of docs/functions.md: minutes"]
fn table() {
    println!("| function | range | worst ulp | `libm` | arguments |\n|---|---|---|---|---|");
    for row in &ROWS {
        let (own, other, tried) = row.worst(4_000_000);
        let [low, high] = row.range;
        let up = (own * 100.0).ceil() / 100.0;
        println!("| `{}` | {low:e} to {high:e} | {up:.2} | {other:.2} | {tried} |", row.name);
    }
}
