//! Switches in text: how a boolean is written, and which names were meant to be one.
//!
//! A caller that turns on a safety switch must not be misunderstood: what cannot be read is an error,
//! never the default.

/// The query parameter that shows a send instead of doing it.
pub const DRY_RUN: &str = "dryRun";

/// The query parameter that says from when on a message may be sent.
pub const SEND_AT: &str = "sendAt";

/// How many typing errors a name may have and still be taken for another.
const MAX_TYPING_ERRORS: usize = 2;

const PLAIN_DRY_RUN: &str = "dryrun";

const PLAIN_SEND_AT: &str = "sendat";

/// Reads a switch: `true`, `1`, `yes` or nothing turn it on, `false`, `0` or `no` turn it off, in any case.
///
/// Returns `None` for every other text.
pub fn parse(text: &str) -> Option<bool> {
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    if ["true", "1", "yes", ""].iter().any(is) {
        Some(true)
    } else if ["false", "0", "no"].iter().any(is) {
        Some(false)
    } else {
        None
    }
}

/// Tells whether a name was probably meant to be `dryRun`: `dryrun`, `dry_run`, `isDryRun`, `dyrRun`.
pub fn resembles_dry_run(name: &str) -> bool {
    let plain = plain(name);
    plain == "dry"
        || plain.contains(PLAIN_DRY_RUN)
        || is_near(&plain, PLAIN_DRY_RUN, MAX_TYPING_ERRORS)
}

/// Tells whether a name was probably meant to be `sendAt`: `send_at`, `sentAt`, `sendTime`, `scheduledAt`.
pub fn resembles_send_at(name: &str) -> bool {
    let plain = plain(name);
    plain.starts_with("schedule") || plain == "sendtime" || is_near(&plain, PLAIN_SEND_AT, 1)
}

/// Tells whether a name has at most so many typing errors.
fn is_near(plain: &str, meant: &str, errors: usize) -> bool {
    // A comparison takes long, and every name of a request is asked about. An error changes the length by one at most,
    // and takes one letter at most away.
    let missing = meant.chars().filter(|letter| !plain.contains(*letter));
    plain.chars().count().abs_diff(meant.len()) <= errors
        && missing.count() <= errors
        && strsim::damerau_levenshtein(plain, meant) <= errors
}

/// Tells whether a text has `dryRun` in it, however it is written: `1;dryRun=true`.
pub fn mentions_dry_run(text: &str) -> bool {
    plain(text).contains(PLAIN_DRY_RUN)
}

/// Returns the letters and digits, in lower case.
pub fn plain(text: &str) -> String {
    if text.is_ascii() {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        return letters.map(|letter| letter.to_ascii_lowercase()).collect();
    }
    let letters = text.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_read_in_any_case() {
        for on in ["true", "True", "TRUE", "1", "yes", "Yes", ""] {
            assert_eq!(parse(on), Some(true), "{on}");
        }
        for off in ["false", "False", "0", "no", "NO"] {
            assert_eq!(parse(off), Some(false), "{off}");
        }
    }

    #[test]
    fn every_other_text_is_neither_on_nor_off() {
        for text in [
            "t", "on", "2", "-1", "null", "tru", " true", "true\n", "ｔrue", "sim",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn names_that_were_meant_to_be_the_dry_run_are_recognized() {
        for name in [
            "dryrun",
            "DryRun",
            "DRYRUN",
            "dry_run",
            "dry-run",
            "dry run",
            "dryRun ",
            "dry",
            "dryRun[]",
            "isDryRun",
            "dryRunOnly",
            "dryRun=true",
            "amp;dryRun",
            "dyrRun",
            "dryRnu",
            "dryRum",
            "dryRunn",
            "dry%52un",
            "ｄｒｙｒｕｎ2dryrun",
        ] {
            assert!(resembles_dry_run(name), "{name}");
        }
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in [
            "",
            "utm_source",
            "agentId",
            "run",
            "try",
            "days",
            "laundry",
            "sendAt",
        ] {
            assert!(!resembles_dry_run(name), "{name}");
        }
    }
}
