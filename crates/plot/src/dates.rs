//! Ticks of a time axis: at round times of the clock and the calendar, with as much of each time as tells it.
//! It knows no scale; times are seconds since 1970.

use condense_base::frame::calendar;

/// Milliseconds of a second, an hour and a day.
const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// No tick is farther from 1970, in milliseconds: some thirty thousand years.
const FARTHEST: f64 = 1e15;

/// The distance between two ticks.
#[derive(Clone, Copy)]
enum Step {
    /// So many milliseconds.
    Clock(i64),
    /// So many months, from January of the year 0 on.
    Months(i64),
}

/// Steps between ticks, ascending.
fn steps() -> impl Iterator<Item = Step> {
    let fractions = [1, 2, 5, 10, 20, 50, 100, 200, 500];
    let sixtieths = [1, 2, 5, 10, 15, 30];
    let seconds = sixtieths.map(|count| count * SECOND);
    let minutes = sixtieths.map(|count| count * 60 * SECOND);
    let hours = [1, 2, 3, 6, 12].map(|count| count * HOUR);
    let days = [1, 2, 7, 14].map(|count| count * DAY);
    let years = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map(|count| count * 12);
    let clock = fractions.into_iter().chain(seconds).chain(minutes).chain(hours).chain(days).map(Step::Clock);
    clock.chain([1, 2, 3, 6].into_iter().chain(years).map(Step::Months))
}

/// At most `most` ticks (but two may always stand) between two times, at the finest step that allows it: each a time and
/// its label.
pub fn ticks(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let most = most.max(2);
    let slack = (high - low) * 1e-9;
    let [first, last] = [(low - slack) * 1e3, (high + slack) * 1e3];
    if first.abs().max(last.abs()) > FARTHEST {
        return Vec::new();
    }
    let found = steps().find_map(|step| Some((step, step.between(first, last, most)?)));
    let Some((step, times)) = found else { return Vec::new() };
    let midnight = |time: i64| time.rem_euclid(DAY) == 0;
    let dated = times.iter().any(|&time| midnight(time));
    let label = |(at, &time): (usize, &i64)| {
        let seconds = time as f64 / 1e3;
        let [year, month, _] = calendar::civil(time.div_euclid(DAY));
        let label = match step {
            Step::Months(months) if months % 12 == 0 => year.to_string(),
            Step::Months(_) => format!("{year:04}-{month:02}"),
            Step::Clock(length) if length >= DAY || midnight(time) => calendar::date_text(seconds),
            Step::Clock(length) if at == 0 && !dated => {
                format!("{} {}", calendar::date_text(seconds), clock(time, length))
            }
            Step::Clock(length) => clock(time, length),
        };
        (seconds, label)
    };
    times.iter().enumerate().map(label).collect()
}

/// The time of day, as exactly as the step asks for.
fn clock(time: i64, step: i64) -> String {
    let of_day = time.rem_euclid(DAY);
    let minutes = format!("{:02}:{:02}", of_day / HOUR, of_day / (60 * SECOND) % 60);
    let seconds = || format!("{minutes}:{:02}", of_day / SECOND % 60);
    match step {
        step if step % (60 * SECOND) == 0 => minutes,
        step if step % SECOND == 0 => seconds(),
        _ => format!("{}.{:03}", seconds(), of_day % SECOND),
    }
}

impl Step {
    /// Its times between two ends, all in milliseconds, if they are not too many.
    fn between(self, first: f64, last: f64, most: usize) -> Option<Vec<i64>> {
        let fits = |count: i64| usize::try_from(count).is_ok_and(|count| count <= most);
        match self {
            Self::Clock(length) => {
                // 1970 began on a Thursday: weeks are counted from the Monday before.
                let start = if length % (7 * DAY) == 0 { -3 * DAY } else { 0 };
                let count = |end: f64| (end - start as f64) / length as f64;
                let (from, to) = (count(first).ceil() as i64, count(last).floor() as i64);
                fits(to.saturating_sub(from).saturating_add(1))
                    .then(|| (from..=to).map(|k| start + k * length).collect())
            }
            Self::Months(length) => {
                let month = |end: f64| {
                    let [year, month, _] = calendar::civil((end / DAY as f64).floor() as i64);
                    (year * 12 + month - 1).div_euclid(length)
                };
                let time = |k: i64| {
                    let month = k * length;
                    calendar::days(month.div_euclid(12), month.rem_euclid(12) + 1, 1) * DAY
                };
                let (from, to) = (month(first), month(last));
                let times = || (from..=to).map(time).filter(|&time| time as f64 >= first && time as f64 <= last);
                (fits(to - from) && fits(times().count() as i64)).then(|| times().collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use condense_base::frame::calendar::{Reading, read};
    use proptest::prelude::*;

    fn labels(low: &str, high: &str, most: usize) -> Vec<String> {
        let [low, high] = [low, high].map(|text| match read(text) {
            Reading::Time(seconds) => seconds,
            other => panic!("{text}: {other:?}"),
        });
        ticks(low, high, most).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_stand_at_round_times_of_clock_and_calendar() {
        assert_eq!(labels("2020-02-10", "2025-06-01", 7), ["2021", "2022", "2023", "2024", "2025"]);
        assert_eq!(labels("1890-01-01", "2024-01-01", 5), ["1900", "1950", "2000"]);
        assert_eq!(
            labels("2024-01-01", "2024-06-15", 6),
            ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05", "2024-06"]
        );
        assert_eq!(labels("2023-11-20", "2024-08-01", 4), ["2024-01", "2024-03", "2024-05", "2024-07"]);
        assert_eq!(
            labels("2024-02-27", "2024-03-02", 6),
            ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"]
        );
        assert_eq!(
            labels("2024-03-01", "2024-03-30", 5),
            ["2024-03-04", "2024-03-11", "2024-03-18", "2024-03-25"],
            "Mondays"
        );
    }

    #[test]
    fn times_of_day_stand_beside_the_date_that_they_belong_to() {
        assert_eq!(labels("2024-03-01 18:00", "2024-03-02 12:00", 4), ["18:00", "2024-03-02", "06:00", "12:00"]);
        assert_eq!(labels("2024-03-01 09:10", "2024-03-01 10:40", 4), ["2024-03-01 09:30", "10:00", "10:30"]);
        assert_eq!(labels("2024-03-01 09:00:01", "2024-03-01 09:00:12", 3), ["2024-03-01 09:00:05", "09:00:10"]);
        assert_eq!(
            labels("2024-03-01 09:00:00.2", "2024-03-01 09:00:01.1", 3),
            ["2024-03-01 09:00:00.500", "09:00:01.000"]
        );
        assert_eq!(labels("2024-03-01 09:00", "2024-03-01 09:00", 3), ["2024-03-01 09:00:00.000"]);
    }

    proptest! {
        #[test]
        fn any_two_times_have_few_ticks_between_them(low in -6e10..2.5e11f64, size in -3.0..11.0f64, most in 2..10usize) {
            let high = low + libm::pow(10.0, size);
            let ticks = ticks(low, high, most);
            prop_assert!(ticks.len() <= most && ticks.windows(2).all(|pair| pair[0].0 < pair[1].0), "{ticks:?}");
            prop_assert!(ticks.iter().all(|tick| (low - 1e-3..=high + 1e-3).contains(&tick.0)), "{ticks:?}");
            // From a few minutes on there is always something round.
            prop_assert!(size < 2.5 || !ticks.is_empty());
        }
    }
}
