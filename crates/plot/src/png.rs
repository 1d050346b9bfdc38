//! A small PNG in a data URL: how a heat map of many cells stays small. Palette, no compression, the same bytes everywhere.
//! It knows no data, only pixels.

/// A picture of palette colours; pixels row by row from the top, `None` where nothing is.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Pixels per row.
    pub columns: usize,
    /// Colours 0xRRGGBB, at most 255 different ones (further ones stay empty).
    pub pixels: Vec<Option<u32>>,
}

impl Picture {
    /// The picture as `data:image/png;base64,…`.
    pub fn url(&self) -> String {
        format!("data:image/png;base64,{}", base64(&self.png()))
    }

    /// PNG (ISO/IEC 15948): header, palette, transparency of entry 0, one stored zlib stream.
    fn png(&self) -> Vec<u8> {
        let mut palette: Vec<u32> = self.pixels.iter().flatten().copied().collect();
        palette.sort_unstable();
        palette.dedup();
        palette.truncate(255);
        let entry = |pixel: &Option<u32>| match pixel.map(|color| palette.binary_search(&color)) {
            Some(Ok(at)) => at as u8 + 1,
            _ => 0,
        };
        let columns = self.columns.max(1);
        let rows = self.pixels.chunks(columns);
        let size = [columns, rows.len()].map(|side| (side as u32).to_be_bytes()).concat();
        let scanlines: Vec<u8> = rows.flat_map(|row| std::iter::once(0).chain(row.iter().map(entry))).collect();
        let colors: Vec<u8> =
            std::iter::once(&0).chain(&palette).flat_map(|rgb| rgb.to_be_bytes()[1..].to_vec()).collect();

        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        chunk(&mut png, *b"IHDR", &[size, vec![8, 3, 0, 0, 0]].concat());
        chunk(&mut png, *b"PLTE", &colors);
        chunk(&mut png, *b"tRNS", &[0]);
        chunk(&mut png, *b"IDAT", &stored(&scanlines));
        chunk(&mut png, *b"IEND", &[]);
        png
    }
}

fn chunk(png: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    let body = [name.as_slice(), data].concat();
    png.extend((data.len() as u32).to_be_bytes());
    png.extend(&body);
    png.extend(crc(&body).to_be_bytes());
}

/// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4).
fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks = data.chunks(65535);
    let last = blocks.len().saturating_sub(1);
    for (at, block) in blocks.enumerate() {
        let length = block.len() as u16;
        stream.push(u8::from(at == last));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler(data).to_be_bytes());
    stream
}

/// CRC-32 of PNG, annex D.
fn crc(data: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !data.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

/// Adler-32 of RFC 1950.
fn adler(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1, 0), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65521;
        (a, (b + a) % 65521)
    });
    b << 16 | a
}

fn base64(data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(data.len().div_ceil(3) * 4);
    for three in data.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_digits_are_those_of_the_standards() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
    }

    #[test]
    fn a_picture_has_one_byte_per_pixel_and_a_clear_entry() {
        let picture = Picture { columns: 2, pixels: vec![Some(0xff0000), None, Some(0x0000ff), Some(0xff0000)] };
        let png = picture.png();
        let holds = |part: &[u8]| png.windows(part.len()).any(|window| window == part);
        assert!(holds(b"PLTE\0\0\0\0\0\xff\xff\0\0"));
        assert!(holds(&[0, 2, 0, 0, 1, 2]), "two scan lines, each behind its filter byte");
        assert!(picture.url().starts_with("data:image/png;base64,iVBORw0KGgo"));
    }
}
