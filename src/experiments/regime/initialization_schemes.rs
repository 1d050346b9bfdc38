//! The initialization schemes in use, as points of the phase plane: by their formulas, and by weights drawn from them.
//! It knows no training: two exponents are all that the infinite-width limit keeps of an initialization.

use condense::experiment::params::params;
use condense::experiment::{Context, Experiment, Stop};
use condense::frame::{Frame, Results};
use condense::num::math;
use condense::num::stats;
use condense_nn::theory::phase_plane::{Point, Regime};

/// Table 1 of Luo et al. (JMLR 2021), recomputed.
pub struct InitializationSchemes;

params! {
    /// At which sizes the schemes are looked at.
    pub struct Params {
        /// Input dimension d.
        pub dimension: usize = 784, at_least 1;
        /// Width m at which weights are drawn.
        pub width: usize = 1000, at_least 2;
        /// Widths along the way to the limit.
        pub widths: Vec<f64> = vec![1e3, 1e4, 1e6, 1e9],
            such_that |widths| !widths.is_empty() && widths.iter().all(|&m| m >= 2.0 && m.is_finite()),
            "must be numbers of at least 2, and one of them";
    }
}

/// A model `f = (1/α) Σ a_k σ(w_k·x)` with `a ~ N(0, β₁²)` and `w ~ N(0, β₂² I)`, as a scheme has it.
struct Scheme {
    name: &'static str,
    /// α, β₁, β₂, κ = β₁β₂/α and κ′ = β₁/β₂ as formulas.
    formulas: [&'static str; 5],
    /// (α, β₁, β₂) at a width m and a dimension d.
    scales: fn(f64, f64) -> (f64, f64, f64),
    /// The limits (γ, γ′) as published.
    published: Point,
}

/// The rows of the slide. E et al. leave β free; we take β = 1/m as an instance.
const SCHEMES: [Scheme; 6] = [
    Scheme {
        name: "LeCun",
        formulas: ["1", "√(1/m)", "√(1/d)", "√(1/(md))", "√(d/m)"],
        scales: |m, d| (1.0, (1.0 / m).sqrt(), (1.0 / d).sqrt()),
        published: Point { gamma: 0.5, gamma_prime: 0.5 },
    },
    Scheme {
        name: "He",
        formulas: ["1", "√(2/m)", "√(2/d)", "√(4/(md))", "√(d/m)"],
        scales: |m, d| (1.0, (2.0 / m).sqrt(), (2.0 / d).sqrt()),
        published: Point { gamma: 0.5, gamma_prime: 0.5 },
    },
    Scheme {
        name: "Xavier",
        formulas: ["1", "√(2/(m+1))", "√(2/(m+d))", "√(4/((m+1)(m+d)))", "√((m+d)/(m+1))"],
        scales: |m, d| (1.0, (2.0 / (m + 1.0)).sqrt(), (2.0 / (m + d)).sqrt()),
        published: Point { gamma: 1.0, gamma_prime: 0.0 },
    },
    Scheme {
        name: "NTK",
        formulas: ["√m", "1", "1", "√(1/m)", "1"],
        scales: |m, _| (m.sqrt(), 1.0, 1.0),
        published: Point { gamma: 0.5, gamma_prime: 0.0 },
    },
    Scheme {
        name: "mean-field",
        formulas: ["m", "1", "1", "1/m", "1"],
        scales: |m, _| (m, 1.0, 1.0),
        published: Point { gamma: 1.0, gamma_prime: 0.0 },
    },
    Scheme {
        name: "E et al., β = 1/m",
        formulas: ["1", "β", "1", "β", "β"],
        scales: |m, _| (1.0, 1.0 / m, 1.0),
        published: Point { gamma: 1.0, gamma_prime: 1.0 },
    },
];

impl Scheme {
    /// ln κ and ln κ′.
    fn logs(&self, m: f64, d: f64) -> (f64, f64) {
        logs((self.scales)(m, d))
    }

    /// The exponents as they stand at a finite width: κ = m^-γ, κ′ = m^-γ′.
    fn at(&self, m: f64, d: f64) -> Point {
        exponents(m, self.logs(m, d))
    }

    /// The limits of the exponents: the slopes of -ln κ and -ln κ′ over ln m, far out, where constants and d no longer count.
    fn limit(&self, d: f64) -> Point {
        let (near, far) = (1e60 * d, 1e120 * d);
        let ((kappa_near, ratio_near), (kappa_far, ratio_far)) = (self.logs(near, d), self.logs(far, d));
        let run = math::ln(far) - math::ln(near);
        Point { gamma: (kappa_near - kappa_far) / run, gamma_prime: (ratio_near - ratio_far) / run }
    }

    /// The exponents measured on weights drawn at a width.
    fn measured(&self, width: usize, dimension: usize, ctx: &Context) -> Point {
        let (alpha, beta1, beta2) = (self.scales)(width as f64, dimension as f64);
        let stream = ctx.rng(self.name);
        let outer = stats::std(&stream.fork("a").normals(width, beta1));
        let inner = stats::std(&stream.fork("w").normals(width * dimension, beta2));
        exponents(width as f64, logs((alpha, outer, inner)))
    }
}

fn logs((alpha, beta1, beta2): (f64, f64, f64)) -> (f64, f64) {
    (math::ln(beta1 * beta2 / alpha), math::ln(beta1 / beta2))
}

/// (γ, γ′) of κ = m^-γ and κ′ = m^-γ′, given their logarithms.
fn exponents(m: f64, (kappa, ratio): (f64, f64)) -> Point {
    // Subtracting from zero keeps the exponent of 1 from being -0.
    Point { gamma: (0.0 - kappa) / math::ln(m), gamma_prime: (0.0 - ratio) / math::ln(m) }
}

/// The larger difference of the two exponents.
fn apart(one: Point, other: Point) -> f64 {
    (one.gamma - other.gamma).abs().max((one.gamma_prime - other.gamma_prime).abs())
}

impl Experiment for InitializationSchemes {
    type Params = Params;

    fn working_set(params: &Params) -> Option<usize> {
        // The weights of one layer as they are drawn.
        Some(2 * params.width * (params.dimension + 2))
    }

    fn run(params: &Params, ctx: &Context) -> Result<Results, Stop> {
        let (m, d) = (params.width as f64, params.dimension as f64);
        let (mut table, mut path) = (Vec::new(), Vec::new());
        for (index, scheme) in SCHEMES.iter().enumerate() {
            ctx.tick(index, SCHEMES.len())?;
            let limit = scheme.limit(d);
            table.push([limit, scheme.at(m, d), scheme.measured(params.width, params.dimension, ctx)]);
            // The way to the limit: for the schemes whose exponents depend on the width, from each width to the next.
            let stops: Vec<Point> = params.widths.iter().map(|&m| scheme.at(m, d)).chain([limit]).collect();
            for (step, width) in stops.windows(2).zip(&params.widths) {
                if apart(stops[0], limit) > 1e-9 {
                    let [from, to] = [step[0], step[1]];
                    path.push([index as f64, *width, from.gamma, from.gamma_prime, to.gamma, to.gamma_prime]);
                }
            }
        }
        let off_limit = table.iter().zip(&SCHEMES).map(|([limit, ..], scheme)| apart(*limit, scheme.published));
        // The standard error of ln std over m draws is 1 / √(2m): this is a good four of them.
        let bound = 3.0 / (m.sqrt() * math::ln(m));
        let off_draw = table.iter().map(|&[_, finite, drawn]| apart(drawn, finite) / bound);
        let mut results = Results::default();
        results.value("limit.worst", off_limit.fold(0.0, f64::max));
        results.value("drawn.worst.over.bound", off_draw.fold(0.0, f64::max));
        let regimes: Vec<Regime> = table.iter().map(|[limit, ..]| limit.regime()).collect();
        results.frame("schemes", schemes(&table, &regimes));
        let columns = ["scheme", "m", "gamma", "gamma_prime", "next_gamma", "next_gamma_prime"];
        results.frame("path", Frame::from_rows(&columns, path));
        results.frame("limits", limits());
        for regime in Regime::ALL {
            let schemes = regimes.iter().filter(|&&own| own == regime).count();
            results.value(&format!("schemes.{}", regime.name()), schemes as f64);
        }
        for (name, scheme) in ["lecun", "he", "xavier"].iter().zip(&SCHEMES) {
            let Point { gamma, gamma_prime } = scheme.at(m, d);
            results.value(&format!("{name}.gamma"), gamma);
            results.value(&format!("{name}.gamma.prime"), gamma_prime);
            results.value(&format!("{name}.gamma.one.input"), scheme.at(m, 1.0).gamma);
        }
        Ok(results)
    }
}

/// One row a scheme: its formulas, its regime, and its exponents in the limit, at the width, and as drawn.
fn schemes(table: &[[Point; 3]], regimes: &[Regime]) -> Frame {
    let mut frame = Frame::new().with_words("scheme", SCHEMES.iter().map(|scheme| scheme.name));
    for (at, head) in ["alpha", "beta1", "beta2", "kappa", "kappa_prime"].into_iter().enumerate() {
        frame = frame.with_words(head, SCHEMES.iter().map(|scheme| scheme.formulas[at]));
    }
    frame = frame.with_words("regime", regimes.iter().map(|regime| regime.name()));
    for (at, suffix) in ["", "_at_m", "_drawn"].into_iter().enumerate() {
        frame = frame
            .with(&format!("gamma{suffix}"), table.iter().map(|points| points[at].gamma))
            .with(&format!("gamma_prime{suffix}"), table.iter().map(|points| points[at].gamma_prime));
    }
    frame
}

/// The published limits, one row a point, with the names that share it.
fn limits() -> Frame {
    let mut points: Vec<(Point, String)> = Vec::new();
    for scheme in &SCHEMES {
        match points.iter_mut().find(|(point, _)| *point == scheme.published) {
            Some((_, names)) => *names = format!("{names}, {}", scheme.name),
            None => points.push((scheme.published, scheme.name.to_owned())),
        }
    }
    Frame::new()
        .with("gamma", points.iter().map(|(point, _)| point.gamma))
        .with("gamma_prime", points.iter().map(|(point, _)| point.gamma_prime))
        .with_words("names", points.iter().map(|(_, names)| names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn formulas_and_words_agree_with_the_table() {
        let sizes: [(f64, f64); 2] = [(100.0, 3.0), (7.0, 50.0)];
        for (scheme, (m, d)) in SCHEMES.iter().flat_map(|scheme| sizes.map(|size| (scheme, size))) {
            let (kappa, ratio) = match scheme.name {
                "LeCun" => ((1.0 / (m * d)).sqrt(), (d / m).sqrt()),
                "He" => ((4.0 / (m * d)).sqrt(), (d / m).sqrt()),
                "Xavier" => ((4.0 / ((m + 1.0) * (m + d))).sqrt(), ((m + d) / (m + 1.0)).sqrt()),
                "NTK" => ((1.0 / m).sqrt(), 1.0),
                "mean-field" => (1.0 / m, 1.0),
                _ => (1.0 / m, 1.0 / m),
            };
            let (own_kappa, own_ratio) = scheme.logs(m, d);
            assert!((own_kappa - math::ln(kappa)).abs() < 1e-14, "{}", scheme.name);
            assert!((own_ratio - math::ln(ratio)).abs() < 1e-14, "{}", scheme.name);
        }
    }

    #[test]
    fn a_small_run_meets_its_claims() {
        let params = Params { dimension: 5, width: 200, widths: vec![10.0, 100.0] };
        let inputs = BTreeMap::new();
        let results = InitializationSchemes::run(&params, &Context::new(0, &inputs, &Inline)).expect("no stop");
        assert_eq!(results.fault(), None);
        assert!(results.values["limit.worst"] < 1e-9);
        assert!(results.values["drawn.worst.over.bound"] < 1.0);
        assert_eq!(results.frames["path"].rows(), 6, "three schemes move, by two steps");
        assert_eq!(InitializationSchemes::check(&Params { width: 1, ..params })[0].key, "width");
    }
}
