//! Instants, as a person at a terminal reads them.

use jiff::{Timestamp, tz::TimeZone};

use super::terminal;

/// Returns the day, for the person at the terminal.
pub(crate) fn day(at: &str) -> String {
    shown(at, "%Y-%m-%d", &zone())
}

/// Returns the time to the second, for the person at the terminal.
pub(crate) fn time(at: &str) -> String {
    shown(at, "%H:%M:%S", &zone())
}

/// Returns the day, the time and the zone, for the person at the terminal.
pub(crate) fn instant(at: &str) -> String {
    shown(at, "%Y-%m-%d %H:%M:%S %Z", &zone())
}

fn shown(at: &str, format: &str, zone: &TimeZone) -> String {
    match at.parse::<Timestamp>() {
        Ok(at) => at.to_zoned(zone.clone()).strftime(format).to_string(),
        Err(_) => at.to_owned(),
    }
}

/// Returns the zone of the machine on a terminal; UTC in what a program reads.
fn zone() -> TimeZone {
    // Tests compare with fixed texts, wherever they run.
    if cfg!(not(test)) && terminal::is_terminal() {
        TimeZone::system()
    } else {
        TimeZone::UTC
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_instant_stays_as_it_is() {
        let at = "2026-11-22T12:00:03.000Z";
        assert_eq!(day(at), "2026-11-22");
        assert_eq!(time(at), "12:00:03");
        assert_eq!(instant(at), "2026-11-22 12:00:03 UTC");
        assert_eq!(instant("soon"), "soon");
    }

    #[test]
    fn a_time_is_that_of_the_zone_and_names_it() {
        let zone = TimeZone::fixed(jiff::tz::offset(-3));
        let at = shown("2026-11-23T01:00:03.000Z", "%Y-%m-%d %H:%M:%S %Z", &zone);
        assert_eq!(at, "2026-11-22 22:00:03 -03");
    }
}
