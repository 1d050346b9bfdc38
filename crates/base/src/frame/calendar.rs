//! Times as numbers: seconds since 1970-01-01T00:00:00Z, from ISO 8601 and back. Days are those of the Gregorian
//! calendar, before its time too; there are no leap seconds.

/// Seconds of a day.
pub const DAY: f64 = 86_400.0;

/// What a text says of a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// This one, in seconds since 1970.
    Time(f64),
    /// It has the shape of a date, but there is no such day or time of day.
    Impossible,
    /// Nothing: it does not have the shape of a date.
    Nothing,
}

/// Reads a date, `2024-03-01`, or a date and a time of day, `2024-03-01T12:00:00.5+01:00`: seconds, their fraction and the
/// zone may be left out, and a space may stand for the `T`. What names no zone is taken as UTC.
pub fn read(text: &str) -> Reading {
    let Some(([year, month, day], rest)) = date(text.as_bytes()) else { return Reading::Nothing };
    let Some((seconds, shift)) = (if rest.is_empty() { Some((Some(0.0), Some(0))) } else { clock(rest) }) else {
        return Reading::Nothing;
    };
    let real = (1..=12).contains(&month) && day > 0 && civil(days(year, month, day)) == [year, month, day];
    match (seconds, shift) {
        (Some(seconds), Some(shift)) if real => {
            // Whole seconds are added up exactly; only a fraction is rounded.
            Reading::Time((days(year, month, day) * 86_400 - shift) as f64 + seconds)
        }
        _ => Reading::Impossible,
    }
}

/// Year, month and day in front of a text, and what follows.
fn date(text: &[u8]) -> Option<([i64; 3], &[u8])> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix(b"-")?, 2)?;
    let (day, rest) = digits(rest.strip_prefix(b"-")?, 2)?;
    Some(([year, month, day], rest))
}

/// The time of day in seconds, and the zone's distance from UTC in seconds; each is none where there is no such thing.
fn clock(text: &[u8]) -> Option<(Option<f64>, Option<i64>)> {
    let (hours, rest) = digits(text.strip_prefix(b"T").or(text.strip_prefix(b"t")).or(text.strip_prefix(b" "))?, 2)?;
    let (minutes, mut rest) = digits(rest.strip_prefix(b":")?, 2)?;
    let (mut seconds, mut fraction) = (0, 0.0);
    if let Some(behind) = rest.strip_prefix(b":") {
        (seconds, rest) = digits(behind, 2)?;
        if let Some(behind) = rest.strip_prefix(b".") {
            let length = behind.iter().take_while(|c| c.is_ascii_digit()).count();
            let decimals = std::str::from_utf8(&behind[..length]).ok().filter(|decimals| !decimals.is_empty())?;
            fraction = format!("0.{decimals}").parse().ok()?;
            rest = &behind[length..];
        }
    }
    let shift = match rest {
        b"" | b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), zone @ ..] => {
            let (hours, rest) = digits(zone, 2)?;
            let (minutes, rest) =
                if rest.is_empty() { (0, rest) } else { digits(rest.strip_prefix(b":").unwrap_or(rest), 2)? };
            if !rest.is_empty() {
                return None;
            }
            let shift = (hours * 60 + minutes) * 60;
            (hours < 24 && minutes < 60).then_some(if *sign == b'+' { shift } else { -shift })
        }
        _ => return None,
    };
    let real = hours < 24 && minutes < 60 && seconds < 60;
    Some((real.then_some(((hours * 60 + minutes) * 60 + seconds) as f64 + fraction), shift))
}

/// The number that so many digits in front of a text write, and what follows.
fn digits(text: &[u8], count: usize) -> Option<(i64, &[u8])> {
    let (own, rest) = text.split_at_checked(count)?;
    let number = own.iter().try_fold(0, |number, c| c.is_ascii_digit().then(|| number * 10 + i64::from(c - b'0')))?;
    Some((number, rest))
}

/// Days from 1970-01-01 to a date. (Eras of 400 years, 146,097 days, that begin on the first of March.)
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day so many days after 1970-01-01: the inverse of [`days`].
pub fn civil(days: i64) -> [i64; 3] {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = (era * 400 + year, if month < 10 { month + 3 } else { month - 9 });
    [if month <= 2 { year + 1 } else { year }, month, day]
}

/// The date of a time: `2024-03-01`.
pub fn date_text(seconds: f64) -> String {
    let [year, month, day] = civil((seconds / DAY).floor() as i64);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A time as words: the date alone at midnight, else with the time of day to the minute or, where that is needed, to the
/// second.
pub fn text(seconds: f64) -> String {
    let of_day = seconds.rem_euclid(DAY) as i64;
    let (hours, minutes, left) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let date = date_text(seconds);
    match (of_day, left) {
        (0, _) => date,
        (_, 0) => format!("{date} {hours:02}:{minutes:02}"),
        _ => format!("{date} {hours:02}:{minutes:02}:{left:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_comes_back_and_follows_the_one_before() {
        let first = days(1600, 1, 1);
        assert_eq!((first, days(1970, 1, 1), days(2000, 2, 29)), (-135_140, 0, 11_016));
        let mut before = civil(first - 1);
        for day in first..days(2000, 1, 2) {
            let [year, month, of_month] = civil(day);
            assert_eq!(days(year, month, of_month), day);
            assert!([year, month, of_month] > before && (1..=12).contains(&month) && (1..=31).contains(&of_month));
            before = [year, month, of_month];
        }
    }

    #[test]
    fn dates_and_times_of_day_are_seconds_since_1970() {
        let noon = Reading::Time(1_709_294_400.0);
        for text in [
            "2024-03-01T12:00:00Z",
            "2024-03-01 12:00",
            "2024-03-01T12:00:00.000",
            "2024-03-01T13:00:00+01:00",
            "2024-03-01t07:30-0430",
        ] {
            assert_eq!(read(text), noon, "{text}");
        }
        assert_eq!(read("1970-01-01"), Reading::Time(0.0));
        assert_eq!(read("1969-12-31T23:59:59.5Z"), Reading::Time(-0.5));
        assert_eq!(read("0000-02-29"), Reading::Time(days(0, 2, 29) as f64 * DAY));
    }

    #[test]
    fn days_that_no_calendar_has_are_told_from_words() {
        for text in ["2024-02-30", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-01-00"] {
            assert_eq!(read(text), Reading::Impossible, "{text}");
        }
        for text in ["2024-03-01T24:00", "2024-03-01T12:60", "2024-03-01T12:00:60Z", "2024-03-01T12:00+24:00"] {
            assert_eq!(read(text), Reading::Impossible, "{text}");
        }
        for text in ["", "2024", "2024-03", "2024-3-1", "2024-03-01x", "2024-03-01T", "2024-03-01T12", "x2024-03-01"] {
            assert_eq!(read(text), Reading::Nothing, "{text}");
        }
        for text in
            ["2024-03-01T12:00:0", "2024-03-01T12:00:00.", "2024-03-01T12:00+1", "2024-03-01T12:00ZZ", "２０２４-03-01"]
        {
            assert_eq!(read(text), Reading::Nothing, "{text}");
        }
    }

    #[test]
    fn a_time_is_told_as_shortly_as_it_can_be() {
        let back = |text: &str| match read(text) {
            Reading::Time(seconds) => super::text(seconds),
            other => panic!("{other:?}"),
        };
        for text in ["2024-03-01", "1969-12-31", "2024-03-01 12:30", "1066-10-14 09:00:01"] {
            assert_eq!(back(text), text);
        }
    }
}
