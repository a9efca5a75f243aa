//! The rate that a channel's settings name.

use std::num::NonZeroU32;
use std::time::Duration;

use recado_core::capabilities::Rate;
use serde_json::{Map, Value};

use super::fields::MESSAGES_PER_SECOND;

/// Returns the rate that settings name in the place of the provider's own.
pub fn messages_per_second(settings: &Map<String, Value>) -> Option<Rate> {
    settings.get(MESSAGES_PER_SECOND.name).and_then(read)
}

pub(crate) fn read(value: &Value) -> Option<Rate> {
    let number = value.as_f64()?;
    let [least, most] = MESSAGES_PER_SECOND.range?;
    if (least..1.0).contains(&number) {
        // Rounded up: never faster than the setting.
        let micros = Duration::from_secs_f64(1.0 / number).as_micros();
        let milliseconds = u64::try_from(micros.div_ceil(1_000)).ok()?;
        return Some(Rate::one_in(Duration::from_millis(milliseconds)));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a whole number within the limits of the type"
    )]
    let whole = (1.0..=most).contains(&number).then_some(number as u32)?;
    let is_whole = f64::from(whole).total_cmp(&number).is_eq();
    let whole = NonZeroU32::new(whole).filter(|_| is_whole)?;
    Some(Rate::per_second(whole))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!(1_000), Some("1000 messages a second"))]
    #[case(json!(20.0), Some("20 messages a second"))]
    #[case(json!(1), Some("1 message a second"))]
    #[case(json!(0.2), Some("1 message in 5 seconds"))]
    #[case(json!(0.4), Some("1 message in 2.5 seconds"))]
    #[case(json!(0.7), Some("1 message in 1.429 seconds"))]
    #[case(json!(0.001), Some("1 message in 1000 seconds"))]
    #[case(json!(2.5), None)]
    #[case(json!(0), None)]
    #[case(json!(-1), None)]
    #[case(json!(0.000_1), None)]
    #[case(json!(100_001), None)]
    #[case(json!("20"), None)]
    #[case(json!(true), None)]
    fn a_rate_is_a_whole_number_or_a_part_of_one(#[case] value: Value, #[case] rate: Option<&str>) {
        let read = read(&value).map(|rate| rate.to_string());
        assert_eq!(read.as_deref(), rate);
    }
}
