//! Files like those of MNIST, for tests: digit d is a bright band of rows at the height of d, with a little noise.

use crate::tasks::mnist::{CLASSES, FILES, FOLDER, IMAGES, LABELS, SIDE, hexadecimal};
use condense_num::rng::Stream;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::Write as _;

/// As gzip writes it.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// An IDX file.
pub fn file(magic: u32, sizes: &[u32], body: &[u8]) -> Vec<u8> {
    let head = [magic].iter().chain(sizes).flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
    [head, body.to_vec()].concat()
}

/// The inputs of a figure, so many images in both sets, with the digests of what is in them.
pub fn inputs(count: usize) -> (BTreeMap<String, Vec<u8>>, [String; 4]) {
    let (mut rng, labels) = (Stream::root(1), (0..count).map(|s| (s % CLASSES) as u8).collect::<Vec<u8>>());
    let bright = |label: u8, row: usize| if row.abs_diff(2 + 2 * usize::from(label)) < 3 { 200 } else { 0 };
    let row = |label: u8, row: usize| [(); SIDE].map(|()| bright(label, row) + rng.below(50) as u8);
    let pairs = labels.iter().flat_map(|&label| (0..SIDE).map(move |row| (label, row)));
    let pixels: Vec<[u8; SIDE]> = pairs
        .map({
            let mut row = row;
            move |(label, at)| row(label, at)
        })
        .collect();
    let (n, side) = (count as u32, SIDE as u32);
    let pair = [file(IMAGES, &[n, side, side], pixels.as_flattened()), file(LABELS, &[n], &labels)];
    let names = FILES.as_flattened().iter().map(|name| format!("{FOLDER}/{name}-ubyte.gz"));
    let files = names.zip(pair.iter().cycle()).map(|(name, file)| (name, gzip(file))).collect();
    (files, [0, 1, 0, 1].map(|which: usize| hexadecimal(&pair[which])))
}
