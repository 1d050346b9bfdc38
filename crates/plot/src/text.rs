//! Numbers as readers expect them (significant digits, true minus, superscript powers), and how wide words are.
//! It knows no fonts: widths are estimates for a common sans serif face, on the generous side.

use condense_base::frame::Column;

/// U+2212, as wide as a plus.
const MINUS: char = '\u{2212}';
/// Keeps the two sides of `×` on one line.
const NBSP: char = '\u{a0}';

/// A number with `digits` significant digits: `0.123`, `−12.3`, `1.23 × 10⁻⁷`.
///
/// Whole parts below a million are never rounded, and a number that is exact in fewer digits is written with fewer
/// (`0.5`, not `0.500`; `10⁻⁵`, not `1.00 × 10⁻⁵`), so that a trailing zero always means "measured".
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "not a number".into() } else { signed(value < 0.0, "∞") };
    }
    if value == 0.0 {
        return "0".into();
    }
    let (shortest, exponent) = decimal(&format!("{:e}", value.abs()));
    let whole = if (0..6).contains(&exponent) { exponent as usize + 1 } else { 1 };
    let digits = digits.clamp(1, 17).max(whole);
    let (mantissa, exponent) = if shortest.len() <= digits {
        (shortest, exponent)
    } else {
        decimal(&format!("{:.*e}", digits - 1, value.abs()))
    };
    signed(
        value < 0.0,
        &if (-3..6).contains(&exponent) { plain(&mantissa, exponent) } else { scientific(&mantissa, exponent) },
    )
}

/// A cell as a reader sees it: words, dates and ids as they are written, numbers in print; nothing where it is missing.
pub fn of_cell(column: &Column, row: usize, digits: usize) -> Option<String> {
    column.word(row).map(str::to_owned).or_else(|| column.value(row).map(|value| significant(value, digits)))
}

/// A number within words: whole ones with commas between thousands, `10,000`; others with up to six digits.
pub fn grouped(value: f64) -> String {
    if value.fract() != 0.0 || !(1e3..1e15).contains(&value.abs()) {
        return significant(value, 6);
    }
    let digits = (value.abs() as u64).to_string();
    let comma = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    let grouped =
        digits.chars().enumerate().flat_map(|(at, digit)| comma(at).then_some(',').into_iter().chain([digit]));
    signed(value < 0.0, &grouped.collect::<String>())
}

/// The number `count × 10^exponent`, exactly: the text of a tick. `plainly` forbids powers of ten.
pub fn exact(count: i64, exponent: i32, plainly: bool) -> String {
    if count == 0 {
        return "0".into();
    }
    let all = count.unsigned_abs().to_string();
    let power = exponent + all.len() as i32 - 1;
    let text = if plainly { plain(&all, power) } else { scientific(all.trim_end_matches('0'), power) };
    signed(count < 0, &text)
}

/// A power of ten: `10⁻³`.
pub fn power(exponent: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    format!("10{}", exponent.to_string().chars().map(raised).collect::<String>())
}

fn signed(negative: bool, size: &str) -> String {
    if negative { format!("{MINUS}{size}") } else { size.to_owned() }
}

/// Splits `d.ddde±x` into its digits and `x`.
fn decimal(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// Digits of which the first stands for `10^exponent`, with zeros filled in.
fn plain(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        return format!("0.{}{digits}", "0".repeat(-exponent as usize - 1));
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        format!("{digits}{}", "0".repeat(whole - digits.len()))
    } else {
        format!("{}.{}", &digits[..whole], &digits[whole..])
    }
}

fn scientific(digits: &str, exponent: i32) -> String {
    if digits == "1" {
        return power(exponent);
    }
    let point = if digits.len() > 1 { "." } else { "" };
    format!("{}{point}{}{NBSP}×{NBSP}{}", &digits[..1], &digits[1..], power(exponent))
}

/// Estimated width in px of words set at `size` px.
pub fn width(text: &str, size: f64) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.29,
        'f' | 't' | 'r' | 'I' | ' ' | NBSP | '(' | ')' | '[' | ']' | '/' | '-' => 0.38,
        '⁰'..='⁹' | '⁻' | '¹' | '²' | '³' | '₀'..='₉' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.92,
        'A'..='Z' | MINUS | '×' | '=' | '+' | '<' | '>' => 0.72,
        '\u{1100}'.. => {
            if (c as u32) < 0x2e80 {
                0.8
            } else {
                1.0
            }
        }
        _ => 0.61,
    };
    text.chars().map(em).sum::<f64>() * size
}

/// Words broken at spaces into lines no wider than `room` px, where that is possible.
pub fn lines(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(word, size) + width(" ", size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn thousands_within_words_have_commas() {
        let texts = [100.0, 1000.0, -123_456.0, 1e6, 0.7, -0.25].map(grouped);
        assert_eq!(texts, ["100", "1,000", "−123,456", "1,000,000", "0.7", "−0.25"]);
    }

    #[test]
    fn numbers_read_as_in_a_paper() {
        let texts = [
            (0.0, "0"),
            (0.5, "0.5"),
            (0.123456, "0.123"),
            (0.50000001, "0.500"),
            (-12.345, "−12.3"),
            (12345.6, "12346"),
            (685000.0, "685000"),
            (999999.9, "1.00000 × 10⁶"),
            (1e-5, "10⁻⁵"),
            (1.2345e-7, "1.23 × 10⁻⁷"),
            (-3e12, "−3 × 10¹²"),
            (1.0 / 3000.0, "3.33 × 10⁻⁴"),
            (0.001, "0.001"),
        ];
        for (value, text) in texts {
            assert_eq!(significant(value, 3).replace(NBSP, " "), text);
        }
    }

    #[test]
    fn ticks_are_exact() {
        assert_eq!(exact(-25, -1, true), "−2.5");
        assert_eq!(exact(10, -1, true), "1.0");
        assert_eq!(exact(5, -3, true), "0.005");
        assert_eq!(exact(20, 3, true), "20000");
        assert_eq!(exact(15, 6, false).replace(NBSP, " "), "1.5 × 10⁷");
        assert_eq!(exact(1, -9, false), "10⁻⁹");
    }

    #[test]
    fn long_words_are_broken_at_spaces() {
        assert_eq!(lines("a title of five words", 10.0, 60.0), ["a title of", "five words"]);
        assert_eq!(lines("unbreakable", 10.0, 5.0), ["unbreakable"]);
    }

    proptest! {
        #[test]
        fn a_printed_number_reads_back_to_within_its_digits(value in -1e300..1e300f64, small in -1.0..1.0f64, digits in 1..17usize) {
            for value in [value, small] {
                let text = significant(value, digits);
                let (mantissa, raised) = text.rsplit_once("10").filter(|(_, up)| up.starts_with(|c| "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".contains(c))).unwrap_or((&text, "⁰"));
                let lower = |c: char| "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".chars().position(|up| up == c).map_or(c, |at| "0123456789-".as_bytes()[at].into());
                let mantissa = mantissa.replace(MINUS, "-").replace([NBSP, '×'], "");
                let mantissa = if mantissa.trim_start_matches('-').is_empty() { format!("{mantissa}1") } else { mantissa };
                let ascii: String = format!("{mantissa}e{}", raised.chars().map(lower).collect::<String>());
                let back: f64 = ascii.parse().unwrap_or_else(|_| panic!("{text}"));
                let half = 0.5000001 * format!("1e{}", 1 - digits as i32).parse::<f64>().expect("a power");
                // Reading rounds once more, to the nearest double: at sixteen digits that counts.
                let half = half + 0.5 * f64::EPSILON;
                prop_assert!((back - value).abs() <= value.abs() * half, "{value} -> {text}");
            }
        }
    }
}
