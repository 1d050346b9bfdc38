//! The search for the critical points of a narrow network, from many random starts: the lowest, or all minima.
//! It knows no figure; each start is a cell of a sweep.

use crate::nets::tanh_net::TanhNet;
use crate::theory::critical::{Critical, Inertia, Landscape};
use condense_experiment::row::row;
use condense_experiment::{Context, Stop};

/// `‖∇R‖₁` below which a point is critical; rounding leaves about 1e-14.
const TOLERANCE: f64 = 1e-10;
/// Outputs that are nowhere on the samples further apart are one function.
const SAME: f64 = 1e-6;
/// Eigenvalues below this share of the largest are zero: rounding leaves 1e-16, minima at infinity less than 1e-10.
const FLAT: f64 = 1e-9;

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

/// A critical point that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The point.
    pub point: Critical,
    /// The starts that led to it, or, of the lowest, to a loss less than 1e-9 above.
    pub starts: usize,
}

impl Search<'_> {
    /// The lowest critical point of each width.
    ///
    /// # Errors
    /// When no start of some width leads to a critical point, or on an interrupt.
    pub fn lowest(&self, widths: &[usize], ctx: &Context) -> Result<Vec<Found>, Stop> {
        let of_width = |(ends, &width): (Vec<Critical>, &usize)| {
            let lowest = ends.iter().min_by(|one, other| one.loss.total_cmp(&other.loss));
            let point = lowest.cloned().ok_or_else(|| {
                Stop::failed(format!("no start of width {width} led to a critical point: raise `starts` or `steps`"))
            })?;
            let starts = ends.iter().filter(|end| end.loss < point.loss + 1e-9).count();
            Ok(Found { point, starts })
        };
        self.ends(widths, ctx)?.into_iter().zip(widths).map(of_width).collect()
    }

    /// The non-degenerate minima of each width as functions, by rising loss. Points of one output are one; what has a zero
    /// or a negative eigenvalue is left out: narrower functions, neurons without output, and minima at infinity.
    ///
    /// # Errors
    /// On an interrupt.
    pub fn minima(&self, widths: &[usize], ctx: &Context) -> Result<Vec<Vec<Found>>, Stop> {
        let of_width = |mut ends: Vec<Critical>| {
            ends.sort_by(|one, other| one.loss.total_cmp(&other.loss));
            let mut found: Vec<Found> = Vec::new();
            for end in ends {
                let same = |known: &&mut Found| self.landscape.apart(&known.point.net, &end.net) < SAME;
                match found.iter_mut().find(same) {
                    Some(known) => known.starts += 1,
                    None if self.is_minimum(&end) => found.push(Found { point: end, starts: 1 }),
                    None => {}
                }
            }
            found
        };
        Ok(self.ends(widths, ctx)?.into_iter().map(of_width).collect())
    }

    fn is_minimum(&self, end: &Critical) -> bool {
        let spectrum = self.landscape.spectrum(&end.net);
        let largest = spectrum.last().copied().unwrap_or(0.0);
        Inertia::of(&spectrum, FLAT * largest).positive == spectrum.len()
    }

    /// The critical points to which the starts of each width lead.
    fn ends(&self, widths: &[usize], ctx: &Context) -> Result<Vec<Vec<Critical>>, Stop> {
        let ends = ctx.cells("start", widths.len() * self.starts, |cell, ctx| {
            let width = widths[cell / self.starts];
            let start = TanhNet::random(width, self.std[0], &self.std[1..], &mut ctx.rng("weights"));
            Ok(self.landscape.settle(&start, self.steps, TOLERANCE).map(|end| End::of(&end)))
        })?;
        let points =
            |(ends, &width): (&[Option<End>], &usize)| ends.iter().flatten().map(|end| end.point(width)).collect();
        Ok(ends.chunks(self.starts).zip(widths).map(points).collect())
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
        let minima = Search { starts: 12, ..search }.minima(&[1, 2], &ctx).expect("no interrupt");
        assert_eq!(minima[0].len(), 1, "the minimum of width one is the only one");
        let two = &minima[1];
        assert!(two.iter().any(|found| (found.point.loss - 0.06979151210179).abs() < 1e-10));
        assert!(two.is_sorted_by(|one, next| one.point.loss <= next.point.loss));
        let apart = |j: usize, k: usize| landscape.apart(&two[j].point.net, &two[k].point.net);
        assert!((0..two.len()).all(|j| (0..j).all(|k| apart(j, k) > 1e-3)), "each function is told once");
        let stop = Search { steps: 0, ..search }.lowest(&[1], &ctx).unwrap_err();
        assert!(stop.to_string().starts_with("no start of width 1 led to a critical point"), "{stop}");
    }
}
