//! The softmax in single precision: of rows of scores (attention), and of outputs against a class (cross-entropy).
//! It knows no networks; all is used inside kernels, and each gradient stands under its function.

use condense_num::contract::Lane;
use condense_num::lanes::{Lanes as _, Real as _, Simd};
use condense_num::math;
use condense_num::math32;

/// Turns rows of scores (T × T, sixteen sequences in lanes) into chances `p_tu = e^(scale s_tu) / Σ_v e^(scale s_tv)`, and
/// takes their mean over rows `t`. The greatest score is taken off first, so nothing overflows.
#[inline(always)]
pub fn soften<S: Simd>(simd: S, scale: f32, scores: &mut [Lane], mean: &mut [Lane]) {
    let tokens = mean.len();
    let (scale, share) = (simd.splat_f32(scale), simd.splat_f32(1.0 / tokens as f32));
    mean.fill([0.0; 16]);
    for row in scores.chunks_exact_mut(tokens) {
        let mut most = simd.load_f32(&row[0]);
        for score in &row[1..] {
            most = simd.load_f32(score).clamp_min(most);
        }
        let mut sum = simd.splat_f32(0.0);
        for score in row.iter_mut() {
            let grown = math32::exp((simd.load_f32(score) - most) * scale);
            sum = sum + grown;
            grown.store(score);
        }
        let inverse = simd.splat_f32(1.0) / sum;
        for (score, mean) in row.iter_mut().zip(mean.iter_mut()) {
            let chance = simd.load_f32(score) * inverse;
            chance.store(score);
            chance.mul_add(share, simd.load_f32(mean)).store(mean);
        }
    }
}

/// Turns the chances of [`soften`] into the gradient with respect to the scores, for output gradients `g_u` on the mean:
/// `∂L/∂s_tu = (scale / T) p_tu (g_u - Σ_v p_tv g_v)`.
#[inline(always)]
pub fn pull_back<S: Simd>(simd: S, scale: f32, chances: &mut [Lane], output_gradients: &[Lane]) {
    let tokens = output_gradients.len();
    let share = simd.splat_f32(scale / tokens as f32);
    for row in chances.chunks_exact_mut(tokens) {
        let mut sum = simd.splat_f32(0.0);
        for (chance, output_gradient) in row.iter().zip(output_gradients) {
            sum = simd.load_f32(chance).mul_add(simd.load_f32(output_gradient), sum);
        }
        for (chance, output_gradient) in row.iter_mut().zip(output_gradients) {
            (simd.load_f32(chance) * (simd.load_f32(output_gradient) - sum) * share).store(chance);
        }
    }
}

/// The cross-entropy `-ln softmax(y)_label` of outputs, which become `share` times the gradient: `softmax(y) - e_label`.
#[inline(always)]
pub fn cross_entropy(y: &mut [f32], label: usize, share: f32) -> f64 {
    let most = y.iter().fold(f32::NEG_INFINITY, |most, y| y.clamp_min(most));
    let own = y[label] - most;
    let mut sum = 0.0;
    for y in y.iter_mut() {
        *y = math32::exp(*y - most);
        sum += f64::from(*y);
    }
    let inverse = (1.0 / sum) as f32;
    for (class, y) in y.iter_mut().enumerate() {
        *y = (*y * inverse - f32::from(class == label)) * share;
    }
    math::ln(sum) - f64::from(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_is_that_of_the_definition_and_forces_add_up_to_nothing() {
        let start = [0.3f32, -1.2, 2.5, 88.0];
        let sum: f64 = start.iter().map(|y| math::exp(f64::from(*y))).sum();
        for label in 0..4 {
            let mut y = start;
            let loss = cross_entropy(&mut y, label, 1.0);
            assert!((loss - (math::ln(sum) - f64::from(start[label]))).abs() < 1e-5, "{loss}");
            assert!(y.iter().sum::<f32>().abs() < 1e-6 && y[label] <= 0.0, "{y:?}");
        }
        assert!(cross_entropy(&mut [f32::NAN, 0.0], 1, 1.0).is_nan());
    }

    #[test]
    fn scores_of_any_size_have_finite_chances() {
        let scores = [[-1e30f32; 16], [1e30; 16], [1e30; 16], [0.0; 16]];
        let (mut chances, mut mean) = (scores, [[0.0; 16]; 2]);
        soften(condense_num::lanes_plain::Plain, 1.0, &mut chances, &mut mean);
        assert_eq!(chances.map(|lanes| lanes[7]), [0.0, 1.0, 1.0, 0.0]);
        assert_eq!(mean.map(|lanes| lanes[0]), [0.5, 0.5]);
        pull_back(condense_num::lanes_plain::Plain, 1.0, &mut chances, &[[1.0; 16], [3.0; 16]]);
        assert_eq!(chances, [[0.0; 16]; 4]);
    }
}
