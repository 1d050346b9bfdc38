//! Elementary functions to about 100 bits, slowly: sums of two doubles, and series until nothing is added.
//! They know nothing of the functions that they judge.

/// An unevaluated sum of two doubles.
#[derive(Clone, Copy, Debug)]
pub struct Wide(pub f64, pub f64);

/// ln 2 and π/2, part by part.
const LN_2: [f64; 3] = [std::f64::consts::LN_2, 2.3190468138462996e-17, 5.707708438416212e-34];
const HALF_PI: [f64; 4] =
    [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33, 5.562271104316826e-50];

/// A sum and its rounding error.
fn two_sum(a: f64, b: f64) -> Wide {
    let sum = a + b;
    let part = sum - a;
    Wide(sum, (a - (sum - part)) + (b - part))
}

/// A product and its rounding error.
fn two_product(a: f64, b: f64) -> Wide {
    let product = a * b;
    Wide(product, a.mul_add(b, -product))
}

impl Wide {
    pub const ONE: Self = Self(1.0, 0.0);

    pub fn plus(self, other: Self) -> Self {
        let (high, low) = (two_sum(self.0, other.0), two_sum(self.1, other.1));
        let sum = two_sum(high.0, high.1 + low.0);
        two_sum(sum.0, sum.1 + low.1)
    }

    pub fn minus(self, other: Self) -> Self {
        self.plus(Self(-other.0, -other.1))
    }

    pub fn times(self, other: Self) -> Self {
        let product = two_product(self.0, other.0);
        two_sum(product.0, self.0.mul_add(other.1, self.1.mul_add(other.0, product.1)))
    }

    pub fn over(self, other: Self) -> Self {
        let first = Self(self.0 / other.0, 0.0);
        let rest = self.minus(first.times(other));
        let second = Self(rest.0 / other.0, 0.0);
        let rest = rest.minus(second.times(other));
        first.plus(second).plus(Self(rest.0 / other.0, 0.0))
    }

    /// Times a power of two, exactly.
    pub fn scaled(self, by: f64) -> Self {
        Self(self.0 * by, self.1 * by)
    }

    fn whole(n: i32) -> Self {
        Self(f64::from(n), 0.0)
    }
}

/// Adds up a series whose next term is made from the last one and its number.
fn series(first: Wide, next: impl Fn(Wide, i32) -> Wide, weight: impl Fn(Wide, i32) -> Wide) -> Wide {
    let (mut term, mut sum) = (first, first);
    for n in 1..200 {
        term = next(term, n);
        let share = weight(term, n);
        sum = sum.plus(share);
        if share.0.abs() <= sum.0.abs() * 1e-34 {
            break;
        }
    }
    sum
}

/// `x - k·unit`, the unit given part by part.
fn reduced(x: f64, k: f64, unit: &[f64]) -> Wide {
    unit.iter().fold(Wide(x, 0.0), |rest, part| rest.minus(two_product(k, *part)))
}

/// `expm1(x) = 2ᵏ (1 + value) - 1`, as `(k, value)`.
fn expm1_parts(x: f64) -> (i32, Wide) {
    let k = (x / LN_2[0]).round();
    let r = reduced(x, k, &LN_2).scaled(1.0 / 16.0);
    let value = series(r, |term, n| term.times(r).over(Wide::whole(n + 1)), |term, _| term);
    // expm1(2a) = expm1(a) (expm1(a) + 2)
    (k as i32, (0..4).fold(value, |a, _| a.times(a.plus(Wide::whole(2)))))
}

fn power_of_two(k: i32) -> f64 {
    f64::from_bits(((i64::from(k) + 1023) as u64) << 52)
}

/// `2^lift eˣ`: lifted, where the value itself would lose bits.
pub fn exp_lifted(x: f64, lift: i32) -> Wide {
    let (k, value) = expm1_parts(x);
    let k = k + lift;
    Wide::ONE.plus(value).scaled(power_of_two(k / 2)).scaled(power_of_two(k - k / 2))
}

pub fn exp(x: f64) -> Wide {
    exp_lifted(x, 0)
}

pub fn expm1(x: f64) -> Wide {
    let (k, value) = expm1_parts(x);
    if k == 0 { value } else { exp(x).minus(Wide::ONE) }
}

pub fn tanh(x: f64) -> Wide {
    // From 40 on, 1 to more bits than are kept.
    let e = expm1(2.0 * x.abs().min(40.0));
    e.over(e.plus(Wide::whole(2))).scaled(1f64.copysign(x))
}

/// `ln((1 + s)/(1 - s))`.
fn twice_atanh(s: Wide) -> Wide {
    let z = s.times(s);
    series(s, |term, _| term.times(z), |term, n| term.over(Wide::whole(2 * n + 1))).scaled(2.0)
}

pub fn ln(x: f64) -> Wide {
    let (x, lift) = if x < f64::MIN_POSITIVE { (x * power_of_two(60), 60) } else { (x, 0) };
    let exponent = (x.to_bits() >> 52) as i32 - 1023;
    let m = f64::from_bits((x.to_bits() & ((1 << 52) - 1)) | 1f64.to_bits());
    let (m, exponent) = if m > 1.4 { (m / 2.0, exponent + 1) } else { (m, exponent) };
    let k = f64::from(exponent - lift);
    let (above, below) = (Wide(m, 0.0).minus(Wide::ONE), Wide(m, 0.0).plus(Wide::ONE));
    let near = if m == 1.0 { Wide(0.0, 0.0) } else { twice_atanh(above.over(below)) };
    near.minus(reduced(0.0, k, &LN_2))
}

/// `ln(1 + eˣ)`.
pub fn softplus(x: f64) -> Wide {
    let u = exp(-x.abs());
    Wide(x.max(0.0), 0.0).plus(twice_atanh(u.over(u.plus(Wide::whole(2)))))
}

pub fn sigmoid(x: f64) -> Wide {
    let u = exp(-x.abs());
    let top = if x > 0.0 { Wide::ONE } else { u };
    top.over(u.plus(Wide::ONE))
}

/// The sine of an angle that is `turns` right angles further.
fn sin_turned(x: f64, turns: i64) -> Wide {
    let k = (x / HALF_PI[0]).round();
    let r = reduced(x, k, &HALF_PI);
    let (z, quadrant) = (r.times(r), (k as i64 + turns).rem_euclid(4));
    let odd = i32::from(quadrant % 2 == 0);
    // r - r³/3! + … or 1 - r²/2! + …
    let first = if odd == 1 { r } else { Wide::ONE };
    let next = |term: Wide, n: i32| term.times(z).over(Wide::whole(-(2 * n + odd) * (2 * n - 1 + odd)));
    series(first, next, |term, _| term).scaled(if quadrant < 2 { 1.0 } else { -1.0 })
}

pub fn sin(x: f64) -> Wide {
    sin_turned(x, 0)
}

pub fn cos(x: f64) -> Wide {
    sin_turned(x, 1)
}
