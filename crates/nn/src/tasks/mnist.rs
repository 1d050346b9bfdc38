//! MNIST as it was published: gzipped IDX files of images and of their classes, accepted by digest alone.
//! It opens no file: the figure declares them as its inputs.
//!
//! IDX (LeCun's page on MNIST, 1998): a magic number whose last byte counts the dimensions, the dimensions, and the bytes; all
//! numbers have four bytes, the greatest first.

use crate::tasks::images::Images;
use condense_experiment::{Context, Stop};
use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;

/// Digits.
pub const CLASSES: usize = 10;
/// Pixels of a side.
pub const SIDE: usize = 28;
/// Of all files together, as they lie and unpacked.
pub const BYTES: usize = 11_594_722 + (60_000 + 10_000) * (SIDE * SIDE + 1) + 2 * (16 + 8);
/// No file of MNIST is larger: a damaged one shall not fill the memory.
const LARGEST: u64 = 1 << 26;
/// What a file of images begins with.
pub const IMAGES: u32 = 0x0803;
/// What a file of labels begins with.
pub const LABELS: u32 = 0x0801;

/// The files in their folder: images and labels to train on, images and labels of the test.
pub const FILES: [[&str; 2]; 2] =
    [["train-images-idx3", "train-labels-idx1"], ["t10k-images-idx3", "t10k-labels-idx1"]];
/// That folder.
pub const FOLDER: &str = "data/mnist";

/// The first images to train on, and the first of the test; pixels run from 0 to `scale`. A file must have its digest, the
/// SHA-256 of what is in it (in hexadecimal; see [`is_digest`]), in the order of the sentence before.
///
/// # Errors
/// Files that are no input of the figure, that are damaged or others, and too few images.
pub fn sets(ctx: &Context, digests: &[String; 4], counts: [usize; 2], scale: f64) -> Result<[Images; 2], Stop> {
    let set = |which: usize| {
        let [pixels, labels] = [0, 1].map(|part| {
            let path = format!("{FOLDER}/{}-ubyte.gz", FILES[which][part]);
            let file = unpacked(ctx.input(&path)?, &digests[2 * which + part]);
            file.map_err(|why| Stop::failed(format!("`{path}` {why}")))
        });
        images(&pixels?, &labels?, counts[which], scale).map_err(Stop::Failed)
    };
    Ok([set(0)?, set(1)?])
}

/// Whether this is how a digest is written.
pub fn is_digest(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// What a gzip file holds, if that has the SHA-256 digest (in hexadecimal).
///
/// # Errors
/// In words, when it is no gzip file, is damaged, or holds something else.
fn unpacked(gzip: &[u8], sha256: &str) -> Result<Vec<u8>, String> {
    // The file ends with the length of what is in it; a buffer that grows would take twice the room.
    let length = gzip.last_chunk().map_or(0, |last| u64::from(u32::from_le_bytes(*last)));
    let mut bytes = Vec::with_capacity(length.min(LARGEST) as usize);
    let read = GzDecoder::new(gzip).take(LARGEST).read_to_end(&mut bytes);
    read.map_err(|error| format!("is no sound gzip file: {error}"))?;
    let found = hexadecimal(&bytes);
    if found == sha256 { Ok(bytes) } else { Err(format!("holds other bytes: their SHA-256 is {found}, not {sha256}")) }
}

/// As `sha256sum` prints it.
pub fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first `count` images of a pair of unpacked files, with pixels from 0 to `scale`.
///
/// # Errors
/// In words, when a file is not what it should be, the two do not belong together, or there are not so many images.
fn images(images: &[u8], labels: &[u8], count: usize, scale: f64) -> Result<Images, String> {
    let ([all, rows, columns], pixels) = parsed::<3>(images, IMAGES).map_err(|why| format!("images: {why}"))?;
    let ([named], classes) = parsed::<1>(labels, LABELS).map_err(|why| format!("labels: {why}"))?;
    if all != named {
        return Err(format!("{all} images, but {named} labels"));
    }
    if [rows, columns] != [SIDE; 2] {
        return Err(format!("images of {rows} × {columns} pixels, not {SIDE} × {SIDE}"));
    }
    if count > all {
        return Err(format!("{count} images are asked for, there are {all}"));
    }
    if let Some(class) = classes.iter().find(|class| usize::from(**class) >= CLASSES) {
        return Err(format!("class {class} is no digit"));
    }
    let level = |pixel: &u8| (scale * f64::from(*pixel) / 255.0) as f32;
    Ok(Images {
        side: SIDE,
        pixels: pixels[..count * rows * columns].iter().map(level).collect(),
        labels: classes[..count].iter().map(|class| usize::from(*class)).collect(),
    })
}

/// Dimensions and bytes of an IDX file.
fn parsed<const D: usize>(file: &[u8], magic: u32) -> Result<([usize; D], &[u8]), String> {
    let number = |at: usize| {
        let bytes = file.get(4 * at..).and_then(|rest| rest.first_chunk()).ok_or("ends within its head")?;
        Ok::<u32, String>(u32::from_be_bytes(*bytes))
    };
    let found = number(0)?;
    if found != magic {
        return Err(format!("begins with {found:#010x}, not {magic:#010x}"));
    }
    let mut sizes = [0; D];
    for (at, size) in sizes.iter_mut().enumerate() {
        *size = number(at + 1)? as usize;
    }
    let (body, wanted) = (&file[4 * (D + 1)..], sizes.iter().try_fold(1usize, |all, size| all.checked_mul(*size)));
    match wanted {
        Some(wanted) if wanted == body.len() => Ok((sizes, body)),
        _ => Err(format!("has {} bytes, not those of {sizes:?}", body.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::pretended::{file, gzip};

    fn pair() -> [Vec<u8>; 2] {
        let mut pixels = vec![0; 3 * SIDE * SIDE];
        pixels[..4].copy_from_slice(&[0, 255, 51, 102]);
        [file(IMAGES, &[3, 28, 28], &pixels), file(LABELS, &[3], &[7, 0, 9])]
    }

    #[test]
    fn images_come_with_their_classes() {
        let [pixels, labels] = pair();
        let read = images(&pixels, &labels, 2, 0.5).expect("two images");
        assert_eq!((read.side, read.labels), (28, vec![7, 0]));
        assert_eq!(read.pixels[..4], [0.0, 0.5, 0.1, 0.2]);
        assert_eq!(read.pixels.len(), 2 * 28 * 28);
    }

    #[test]
    fn what_does_not_fit_is_refused_in_words() {
        let [pixels, labels] = pair();
        let refused = |pixels: &[u8], labels: &[u8], count| images(pixels, labels, count, 1.0).expect_err("refused");
        assert_eq!(refused(&labels, &pixels, 1), "images: begins with 0x00000801, not 0x00000803");
        assert_eq!(refused(&pixels[..10], &labels, 1), "images: ends within its head");
        assert_eq!(refused(&pixels[..20], &labels, 1), "images: has 4 bytes, not those of [3, 28, 28]");
        assert_eq!(refused(&pixels, &labels, 4), "4 images are asked for, there are 3");
        assert_eq!(refused(&pixels, &file(LABELS, &[2], &[7, 0]), 1), "3 images, but 2 labels");
        assert_eq!(refused(&pixels, &file(LABELS, &[3], &[7, 0, 10]), 1), "class 10 is no digit");
        assert_eq!(refused(&file(IMAGES, &[3, 4, 1], &[0; 12]), &labels, 1), "images of 4 × 1 pixels, not 28 × 28");
        let endless = file(IMAGES, &[u32::MAX; 3], &[]);
        assert!(refused(&endless, &labels, 1).starts_with("images: has 0 bytes, not those of"));
    }

    #[test]
    fn only_the_bytes_of_the_digest_are_unpacked() {
        // SHA-256 of "abc", from FIPS 180-4.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(unpacked(&gzip(b"abc"), digest), Ok(b"abc".to_vec()));
        let other = unpacked(&gzip(b"abd"), digest).expect_err("refused");
        assert!(other.starts_with("holds other bytes") && other.ends_with(digest), "{other}");
        let cut = unpacked(&gzip(b"abc")[..12], digest).expect_err("refused");
        assert!(cut.starts_with("is no sound gzip file"), "{cut}");
        assert!(unpacked(b"abc", digest).expect_err("refused").starts_with("is no sound gzip file"));
    }
}
