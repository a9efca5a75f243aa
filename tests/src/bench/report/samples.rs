//! The values of all rounds, until they become figures.

use super::metric::Metric;
use super::{Figure, Key};

/// Values by what they are about, in the order in which they came.
#[derive(Debug, Default)]
pub struct Samples(Vec<(Key, Vec<f64>)>);

impl Samples {
    /// Adds the value of one round.
    pub fn add(&mut self, key: Key, value: f64) {
        let known = self.0.iter_mut().find(|(known, _)| *known == key);
        match known {
            Some((_, values)) => values.push(value),
            None => self.0.push((key, vec![value])),
        }
    }

    /// Adds the values of one round of one case.
    pub fn add_all(&mut self, area: &str, case: &str, subject: &str, values: &[(Metric, f64)]) {
        for &(metric, value) in values {
            let key = Key {
                area: area.to_owned(),
                case: case.to_owned(),
                subject: subject.to_owned(),
                metric,
            };
            self.add(key, value);
        }
    }

    /// Returns a figure of each key: median, least and most.
    pub fn figures(&self) -> Vec<Figure> {
        self.0
            .iter()
            .map(|(key, values)| figure(key, values))
            .collect()
    }
}

fn figure(key: &Key, values: &[f64]) -> Figure {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = ((sorted.len() - 1) / 2, sorted.len() / 2);
    Figure {
        key: key.clone(),
        median: rounded(f64::midpoint(sorted[low], sorted[high])),
        min: rounded(sorted[0]),
        max: rounded(sorted[sorted.len() - 1]),
        values: sorted.len(),
    }
}

/// Keeps four significant digits: more would claim a precision that no measurement has.
fn rounded(value: f64) -> f64 {
    let text = format!("{value:.3e}");
    text.parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::super::example::key;
    use super::*;

    fn figure_of(values: &[f64]) -> Figure {
        let mut samples = Samples::default();
        for value in values {
            samples.add(key("sends", "nginx", Metric::Cpu), *value);
        }
        samples.figures().remove(0)
    }

    #[test]
    fn a_figure_is_the_median_of_its_rounds_with_the_least_and_the_most() {
        let odd = figure_of(&[3.0, 1.0, 2.0]);
        assert_eq!(
            (odd.min, odd.median, odd.max, odd.values),
            (1.0, 2.0, 3.0, 3)
        );
        let even = figure_of(&[4.0, 1.0, 2.0, 3.0]);
        assert_eq!((even.min, even.median, even.max), (1.0, 2.5, 4.0));
    }

    #[test]
    fn figures_keep_four_digits_and_the_order_of_their_first_round() {
        let median = |value| figure_of(&[value]).median.to_string();
        assert_eq!(median(0.012_345_6), "0.01235");
        assert_eq!(median(12_345.6), "12350");
        let mut samples = Samples::default();
        for round in [1.0, 2.0] {
            for subject in ["nginx", "hyper proxy"] {
                samples.add(key("sends", subject, Metric::Cpu), round);
            }
        }
        let subjects: Vec<_> = samples
            .figures()
            .into_iter()
            .map(|figure| figure.key.subject)
            .collect();
        assert_eq!(subjects, ["nginx", "hyper proxy"]);
    }
}
