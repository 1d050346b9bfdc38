//! Normalised gradient flow: networks of other sizes and speeds are one and the same training in the right units.
//! It knows no regime; places on the phase plane come in as a list, and what happens there is told by other figures.
//!
//! `f(x) = (1/α) Σ_k a_k r(w_k·x)` with `a ~ N(0, β1²)`, `w ~ N(0, β2²)` follows `θ' = -∇ (1/2n) Σ (f - y)²`. With `ā = a/β1`,
//! `w̄ = w/β2`, `t̄ = t/(β1β2)`, `κ = β1β2/α`, `κ' = β1/β2` that is `dā/dt̄ = -(κ/κ') (1/n) Σ r(w̄·x) e` and
//! `dw̄/dt̄ = -κκ' (1/n) Σ ā r'(w̄·x) x e`; so `κ' ā² - |w̄|²/κ'` is kept by each neuron, as `r(z) = z r'(z)`.
//! Slide "Normalization and scaling parameters"; Luo, Xu, Ma & Zhang, JMLR 22 (2021), §3. Task and mirrored start: §4 there.

use condense::experiment::params::{Parameters as _, params};
use condense::experiment::row::row;
use condense::experiment::{Context, Experiment, ParamFault, Stop};
use condense::frame::{Frame, Results};
use condense::num::math;
use condense_nn::measures::balance::{balance, broken};
use condense_nn::measures::unpack::neurons;
use condense_nn::nets::activation::Activation;
use condense_nn::nets::two_layer::TwoLayer;
use condense_nn::tasks::four_points::mirrored_network;
use condense_nn::theory::phase_plane::Point;
use condense_nn::theory::units::Units;
use condense_nn::training::flow::{Flow, Stalled};

/// The trainings, each in its own units and in the normalised ones.
pub struct NormalizedFlow;

params! {
    /// Settings.
    pub struct Params {
        /// Places (γ, γ') on the phase plane: κ = m^-γ, κ' = m^-γ'.
        pub points: Vec<[f64; 2]> = vec![[0.5, 0.0], [1.0, 0.0], [1.75, 0.0], [1.5, 0.25]],
            such_that |points| !points.is_empty() && points.as_flattened().iter().all(|x| x.is_finite()),
            "must be pairs of numbers, and one of them";
        /// One network each: `β2 = m^-power`, `β1 = κ' β2`, `α = β1β2/κ`.
        pub powers: Vec<f64> = vec![0.0, 0.5, 1.0], finite;
        /// m, neurons of each of the mirrored halves.
        pub width: usize = 1000, at_least 2;
        /// Of so many neurons the conserved quantity is drawn.
        pub shown: usize = 250;
        /// Training ends below this mean square.
        pub goal: f64 = 1e-6, above 0.0;
        /// The integrator's tolerance.
        pub tolerance: f64 = 5e-4, above 0.0;
    }
}

/// The longest training of the defaults takes about a thousand steps.
const STEPS: usize = 50_000;
/// What is drawn is at least so much later than what was drawn before.
const LATER: f64 = 1.04;
/// A recorded loss bears the marks of the networks when it is so far from the last that did, in decades of time and loss.
const APART: f64 = 0.6;
/// What is measured at a point: steps, [`Abreast::apart`], and the largest change of an invariant, for ReLU and for tanh.
const MEASURES: [&str; 6] = ["steps.most", "apart.worst", "clock.worst", "loss.worst", "relu.worst", "tanh.worst"];

/// The invariants of the first few neurons.
fn invariants(p: &Params, network: &TwoLayer, theta: &[f64], kappa_prime: f64) -> Vec<f64> {
    let neurons = neurons(network, theta);
    neurons[..p.shown].iter().map(|neuron| balance(neuron, kappa_prime)).collect()
}

/// The normalised network and the others, trained side by side.
struct Abreast<'n> {
    normalised: Flow<'n, TwoLayer>,
    others: Vec<(Units, Flow<'n, TwoLayer>)>,
    /// Output weights of each.
    width: usize,
    /// The largest differences so far of parameters, times and losses from the normalised flow.
    apart: [f64; 3],
}

impl Abreast<'_> {
    /// Everyone takes a step, of whatever length its own control chooses.
    fn step(&mut self) -> Result<(), Stalled> {
        self.normalised.advance(f64::INFINITY)?;
        let (theta, time, loss) = (self.normalised.theta(), self.normalised.time(), self.normalised.mean_square());
        for (units, flow) in &mut self.others {
            flow.advance(f64::INFINITY)?;
            let parameters = units.apart(flow.theta(), theta, self.width);
            let clock = (flow.time() / (units.time() * time) - 1.0).abs();
            let now = [parameters, clock, (flow.mean_square() / loss - 1.0).abs()];
            self.apart = std::array::from_fn(|k| self.apart[k].max(now[k]));
        }
        Ok(())
    }

    fn record(&self) -> Record {
        let other =
            |(units, flow): &(Units, Flow<'_, TwoLayer>)| [flow.time(), flow.time() / units.time(), flow.mean_square()];
        Record {
            time: self.normalised.time(),
            loss: self.normalised.mean_square(),
            others: self.others.iter().map(other).collect(),
        }
    }
}

row! {
    /// All networks at one moment.
    struct Record {
        /// Of the normalised one.
        time: f64,
        /// Of the normalised one.
        loss: f64,
        /// Of each other its own time, the same normalised, and its loss.
        others: Vec<[f64; 3]>,
    }
}

row! {
    /// What is kept of a point.
    struct Trained {
        /// What [`MEASURES`] names.
        measures: [f64; MEASURES.len()],
        /// The invariant of each neuron shown: at the start, at ReLU's end, at tanh's end.
        kept: Vec<[f64; 3]>,
        records: Vec<Record>,
    }
}

/// Trains all networks from one draw to the goal; then a normalised one of tanh for the same time.
fn train(p: &Params, at: Point, ctx: &Context) -> Result<Trained, Stop> {
    let (m, kappa_prime) = (p.width as f64, at.kappa_prime(p.width as f64));
    let network = mirrored_network(at, m, p.width);
    let start = network.draw_mirrored([1.0, 1.0], &mut ctx.rng("init"));
    let units: Vec<Units> = p.powers.iter().map(|&power| Units::of(at, m, power)).collect();
    let networks: Vec<TwoLayer> = units.iter().map(|units| units.network(&network)).collect();
    let others = units
        .iter()
        .zip(&networks)
        .map(|(units, other)| (*units, Flow::new(other, units.scaled(&start, network.width), p.tolerance)));
    let normalised = Flow::new(&network, start.clone(), p.tolerance);
    let mut all = Abreast { normalised, others: others.collect(), width: network.width, apart: [0.0; 3] };
    let stuck = |why: &dyn std::fmt::Display| Stop::failed(format!("(γ, γ') = {at}: {why}"));
    let (mut steps, mut relu, mut records, mut drawn) = (0, 0.0f64, Vec::new(), 0.0);
    while all.normalised.mean_square() >= p.goal {
        ctx.tick(steps, STEPS)?;
        if steps == STEPS {
            return Err(stuck(&format!("no fit in {STEPS} steps")));
        }
        all.step().map_err(|stalled| stuck(&stalled))?;
        steps += 1;
        if all.normalised.mean_square() < p.goal || all.normalised.time() > LATER * drawn {
            drawn = all.normalised.time();
            relu = relu.max(broken(&network, all.normalised.theta(), &start, kappa_prime));
            records.push(all.record());
        }
    }
    let tanh = TwoLayer { activation: Activation::Tanh, ..network.clone() };
    let mut contrast = Flow::new(&tanh, start.clone(), p.tolerance);
    while contrast.time() < drawn {
        ctx.tick(0, 1)?;
        contrast.advance(drawn).map_err(|stalled| stuck(&stalled))?;
    }
    let [parameters, clock, loss] = all.apart;
    let tanh = broken(&tanh, contrast.theta(), &start, kappa_prime);
    let measures = [steps as f64, parameters, clock, loss, relu, tanh];
    let kept =
        [&start[..], all.normalised.theta(), contrast.theta()].map(|theta| invariants(p, &network, theta, kappa_prime));
    let kept = (0..p.shown).map(|k| [0, 1, 2].map(|moment: usize| kept[moment][k])).collect();
    Ok(Trained { measures, kept, records })
}

impl Experiment for NormalizedFlow {
    type Params = Params;

    fn check(p: &Params) -> Vec<ParamFault> {
        p.demands().holds("shown", (1..=p.width).contains(&p.shown), "must be at least 1 and at most `width`").faults()
    }

    fn working_set(p: &Params) -> Option<usize> {
        // Each flow of the widest kind: features of four samples at three points, and a dozen vectors of its parameters; and
        // what is kept of every cell.
        let flows = (p.powers.len() + 2) * 2 * p.width * (2 * 4 * 3 + 10 * 3);
        Some(flows + p.points.len() * (MEASURES.len() + 3 * p.shown + 1000 * (2 + 3 * p.powers.len())))
    }

    fn run(p: &Params, ctx: &Context) -> Result<Results, Stop> {
        let places: Vec<Point> = p.points.iter().map(|&[gamma, gamma_prime]| Point { gamma, gamma_prime }).collect();
        let trained = ctx.cells("points", places.len(), |cell, ctx| train(p, places[cell], ctx))?;
        let mut results = Results::default();
        for (at, name) in MEASURES.iter().enumerate() {
            results.value(name, trained.iter().map(|trained| trained.measures[at]).fold(0.0, f64::max));
        }
        let (mut curves, mut own, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (k, trained) in trained.iter().enumerate() {
            let point = k as f64;
            kept.extend(trained.kept.iter().map(|[start, relu, tanh]| [point, *start, *relu, *tanh]));
            let mut last = [f64::INFINITY; 2];
            for Record { time, loss, others } in &trained.records {
                let now = [math::log10(*time), math::log10(*loss)];
                let far = (now[0] - last[0]).abs() + (now[1] - last[1]).abs() > APART;
                let marked = f64::from(u8::from(far));
                last = if far { now } else { last };
                curves.push([point, *time, *loss]);
                let others = p.powers.iter().zip(others);
                own.extend(others.map(|(power, other)| [point, *power, other[0], other[1], other[2], marked]));
            }
        }
        let named = |frame: Frame| {
            let points = frame.numbers("point").unwrap_or_default().to_vec();
            frame.with_words("place", points.into_iter().map(|k| places[k as usize].to_string()))
        };
        results.frame("normalised", named(Frame::from_rows(&["point", "time", "loss"], curves)));
        let columns = ["point", "power", "time", "normalised_time", "loss", "marked"];
        results.frame("networks", named(Frame::from_rows(&columns, own)));
        results.frame("kept", named(Frame::from_rows(&["point", "start", "relu", "tanh"], kept)));
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense::experiment::Inline;
    use std::collections::BTreeMap;

    fn tiny() -> Params {
        Params { points: vec![[0.5, 0.0], [1.2, 0.25]], width: 20, shown: 5, tolerance: 0.01, ..Params::default() }
    }

    #[test]
    fn all_units_show_one_flow_and_only_relu_keeps_the_invariant() {
        let run = || NormalizedFlow::run(&tiny(), &Context::new(0, &BTreeMap::new(), &Inline)).unwrap();
        let results = run();
        assert_eq!(results.fault(), None);
        assert_eq!(results, run());
        for name in ["apart.worst", "clock.worst", "loss.worst"] {
            assert!(results.values[name] < 1e-6, "{name}: {}", results.values[name]);
        }
        assert!(results.values["relu.worst"] < 0.02);
        assert!(results.values["tanh.worst"] > 5.0 * results.values["relu.worst"]);
    }

    #[test]
    fn the_defaults_have_no_fault_and_faults_are_found() {
        assert_eq!(NormalizedFlow::check(&Params::default()), []);
        let broken = Params { points: vec![], width: 10, tolerance: 0.0, ..Params::default() };
        let keys: Vec<String> = NormalizedFlow::check(&broken).into_iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["points", "shown", "tolerance"]);
    }
}
