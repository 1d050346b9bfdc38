//! Square images with their classes, and the patches that a convolution looks at.
//! It knows no weights; see [`conv`](crate::nets::conv) for those.

/// Images of one channel, row by row, and the class of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// Pixels of a side.
    pub side: usize,
    /// n × side × side.
    pub pixels: Vec<f32>,
    /// n classes.
    pub labels: Vec<usize>,
}

/// Which patches a convolution looks at: `size × size` pixels, every `stride` pixels, all within the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Pixels of a patch's side.
    pub size: usize,
    /// From one patch to the next.
    pub stride: usize,
}

impl Window {
    /// Patches in a row of an image.
    pub fn count(self, side: usize) -> usize {
        (side - self.size) / self.stride + 1
    }

    /// The patches of image `index`, pixel by pixel: row `r` (size² in all) holds pixel `r` of every patch.
    pub fn patches(self, images: &Images, index: usize, rows: &mut [f32]) {
        let (side, count) = (images.side, self.count(images.side));
        let image = &images.pixels[index * side * side..][..side * side];
        for (r, row) in rows.chunks_exact_mut(count * count).take(self.size * self.size).enumerate() {
            for (y, line) in row.chunks_exact_mut(count).enumerate() {
                let from = &image[(y * self.stride + r / self.size) * side + r % self.size..];
                if self.stride == 1 {
                    line.copy_from_slice(&from[..count]);
                } else {
                    line.iter_mut().zip(from.iter().step_by(self.stride)).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_those_of_the_image() {
        let images = Images { side: 6, pixels: (0..72).map(|x| x as f32).collect(), labels: vec![0, 1] };
        for stride in 1..=3 {
            let window = Window { size: 3, stride };
            let count = window.count(6);
            assert_eq!(count, [4, 2, 2][stride - 1]);
            let mut rows = vec![0.0; 9 * count * count];
            window.patches(&images, 1, &mut rows);
            for (at, x) in rows.iter().enumerate() {
                let (r, p) = (at / (count * count), at % (count * count));
                let (down, right) = (p / count * stride + r / 3, p % count * stride + r % 3);
                assert_eq!(*x, (36 + 6 * down + right) as f32, "stride {stride}");
            }
        }
    }
}
