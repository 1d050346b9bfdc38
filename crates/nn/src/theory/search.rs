//! The search for the lowest critical point of a narrow network, from many random starts.
//! It knows no figure; each start is a cell of a sweep.

use crate::nets::tanh_net::TanhNet;
use crate::theory::critical::{Critical, Landscape};
use condense_experiment::row::row;
use condense_experiment::{Context, Stop};

/// `‖∇R‖₁` below which a point is critical; rounding leaves about 1e-14.
const TOLERANCE: f64 = 1e-10;

/// How to search a landscape of one input and a bias.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// The loss.
    pub landscape: &'a Landscape,
    /// Random starts for each width.
    pub starts: usize,
    /// Standard deviations of the starts: output weight, input weight, bias.
    pub std: [f64; 3],
    /// Most steps of Levenberg–Marquardt, and again of Newton.
    pub steps: usize,
}

/// The lowest critical point of one width.
#[derive(Clone, Debug)]
pub struct Found {
    /// The point.
    pub point: Critical,
    /// The starts that led to it: their losses differ from its loss by less than 1e-9.
    pub starts: usize,
}

impl Search<'_> {
    /// The lowest critical point of each width.
    ///
    /// # Errors
    /// When no start of some width leads to a critical point, or on an interrupt.
    pub fn lowest(&self, widths: &[usize], ctx: &Context) -> Result<Vec<Found>, Stop> {
        let ends = ctx.cells("start", widths.len() * self.starts, |cell, ctx| {
            let width = widths[cell / self.starts];
            let start = TanhNet::random(width, self.std[0], &self.std[1..], &mut ctx.rng("weights"));
            Ok(self.landscape.settle(&start, self.steps, TOLERANCE).map(|end| End::of(&end)))
        })?;
        let of_width = |(ends, &width): (&[Option<End>], &usize)| {
            let ends: Vec<Critical> = ends.iter().flatten().map(|end| end.point(width)).collect();
            let lowest = ends.iter().min_by(|one, other| one.loss.total_cmp(&other.loss));
            let point = lowest.cloned().ok_or_else(|| {
                Stop::failed(format!("no start of width {width} led to a critical point: raise `starts` or `steps`"))
            })?;
            let starts = ends.iter().filter(|end| end.loss < point.loss + 1e-9).count();
            Ok(Found { point, starts })
        };
        ends.chunks(self.starts).zip(widths).map(of_width).collect()
    }
}

row! {
    /// The critical point to which a start led, as numbers.
    struct End {
        loss: f64,
        gradient: f64,
        theta: Vec<f64>,
    }
}

impl End {
    fn of(point: &Critical) -> Self {
        Self { loss: point.loss, gradient: point.gradient, theta: point.net.theta() }
    }

    fn point(&self, width: usize) -> Critical {
        Critical { net: TanhNet::from_theta(width, &self.theta), loss: self.loss, gradient: self.gradient }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_experiment::Inline;
    use std::collections::BTreeMap;

    #[test]
    fn the_minimum_of_width_one_is_found_from_several_starts_or_said_to_be_missing() {
        let (inputs, landscape) = (BTreeMap::new(), Landscape::three_steps());
        let ctx = Context::new(0, &inputs, &Inline);
        let search = Search { landscape: &landscape, starts: 4, std: [2.0, 0.7, 4.0], steps: 150 };
        let found = search.lowest(&[1], &ctx).expect("a minimum");
        assert!((found[0].point.loss - 0.10902274209018).abs() < 1e-12);
        assert!((2..=4).contains(&found[0].starts));
        let stop = Search { steps: 0, ..search }.lowest(&[1], &ctx).unwrap_err();
        assert!(stop.to_string().starts_with("no start of width 1 led to a critical point"), "{stop}");
    }
}
