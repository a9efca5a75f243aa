//! A message as the customer sees it, drawn with box characters.

use crate::received::PhoneMessage;
use crate::terminal::{one_line, visible, width, wrap};

/// A bubble on a phone is about this wide.
const MAX_COLUMNS: usize = 46;
const MIN_COLUMNS: usize = 12;
/// The bubble's sides: a line and a blank on each.
const SIDES: usize = 4;
const REPLY: &str = "↩ ";

/// What the customer sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bubble {
    /// The bold text over the body.
    pub header: Option<String>,
    /// The text.
    pub body: String,
    /// The small text under the body.
    pub footer: Option<String>,
    /// The titles of the buttons, in order.
    pub buttons: Vec<String>,
}

/// Whether bold and dim may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Neither.
    Plain,
    /// Both, by escape sequences.
    Ansi,
}

impl From<&PhoneMessage> for Bubble {
    fn from(message: &PhoneMessage) -> Self {
        Self {
            header: message.header.clone(),
            body: message.body.clone().unwrap_or_default(),
            footer: message.footer.clone(),
            buttons: (message.buttons.iter())
                .map(|button| button.title.clone())
                .collect(),
        }
    }
}

impl Bubble {
    /// Draws the bubble in at most `columns`; below 12 columns it takes 12.
    #[must_use]
    pub fn draw(&self, columns: usize, style: Style) -> String {
        let most = columns.clamp(MIN_COLUMNS, MAX_COLUMNS) - SIDES;
        let header = lines(self.header.as_deref(), most);
        let body = lines(Some(&self.body), most);
        let footer = lines(self.footer.as_deref(), most);
        let buttons: Vec<Vec<String>> = (self.buttons.iter())
            .map(|title| wrap(&format!("{REPLY}{}", one_line(title)), most))
            .collect();
        let all = [&header, &body, &footer].into_iter().chain(&buttons);
        let inner = all.flatten().map(|line| width(line)).max().unwrap_or(0);

        let mut drawn = vec![rule('╭', '╮', inner)];
        drawn.extend(header.iter().map(|line| row(line, inner, style.bold())));
        drawn.extend(body.iter().map(|line| row(line, inner, None)));
        drawn.extend(footer.iter().map(|line| row(line, inner, style.dim())));
        for title in &buttons {
            drawn.push(rule('├', '┤', inner));
            drawn.extend(
                title
                    .iter()
                    .map(|line| row(&centred(line, inner), inner, None)),
            );
        }
        drawn.push(rule('╰', '╯', inner));
        drawn.join("\n")
    }
}

impl Style {
    const fn bold(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Ansi => Some("\u{1b}[1m"),
        }
    }

    const fn dim(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Ansi => Some("\u{1b}[2m"),
        }
    }
}

fn lines(text: Option<&str>, columns: usize) -> Vec<String> {
    text.map(|text| wrap(&visible(text), columns))
        .unwrap_or_default()
}

fn rule(left: char, right: char, inner: usize) -> String {
    format!("{left}{}{right}", "─".repeat(inner + 2))
}

fn row(line: &str, inner: usize, escape: Option<&str>) -> String {
    let blank = " ".repeat(inner.saturating_sub(width(line)));
    match escape {
        Some(escape) => format!("│ {escape}{line}\u{1b}[0m{blank} │"),
        None => format!("│ {line}{blank} │"),
    }
}

fn centred(line: &str, inner: usize) -> String {
    let left = inner.saturating_sub(width(line)) / 2;
    format!("{}{line}", " ".repeat(left))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn bubble(header: &str, body: &str, footer: &str, buttons: &[&str]) -> Bubble {
        let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Bubble {
            header: optional(header),
            body: body.to_owned(),
            footer: optional(footer),
            buttons: buttons.iter().map(|&title| title.to_owned()).collect(),
        }
    }

    fn published() -> Bubble {
        bubble(
            "Select an option",
            "How can we help you today?",
            "ChatVolt Support",
            &["Sales", "Support"],
        )
    }

    #[test]
    fn a_wide_terminal_shows_the_bubble_as_wide_as_its_text() {
        let drawn = "\
╭────────────────────────────╮
│ Select an option           │
│ How can we help you today? │
│ ChatVolt Support           │
├────────────────────────────┤
│          ↩ Sales           │
├────────────────────────────┤
│         ↩ Support          │
╰────────────────────────────╯";
        assert_eq!(published().draw(200, Style::Plain), drawn);
    }

    #[test]
    fn a_narrow_terminal_wraps_every_part() {
        let drawn = "\
╭────────────╮
│ Select an  │
│ option     │
│ How can we │
│ help you   │
│ today?     │
│ ChatVolt   │
│ Support    │
├────────────┤
│  ↩ Sales   │
├────────────┤
│ ↩ Support  │
╰────────────╯";
        assert_eq!(published().draw(18, Style::Plain), drawn);
    }

    #[test]
    fn header_is_bold_and_footer_is_dim() {
        let drawn = bubble("Head", "Body", "Foot", &["Yes"]).draw(80, Style::Ansi);
        assert!(drawn.contains("│ \u{1b}[1mHead\u{1b}[0m"), "{drawn}");
        assert!(drawn.contains("│ \u{1b}[2mFoot\u{1b}[0m"), "{drawn}");
        assert!(drawn.contains("│ Body"), "{drawn}");
    }

    #[rstest]
    #[case::emoji(bubble("🎉🎉", "👩‍👩‍👧 and 👍🏽 and 日本語", "", &["🚀 Go", "✅"]))]
    #[case::long_word(bubble("", &"x".repeat(200), "", &["Open"]))]
    #[case::several_lines(bubble("", "one\ntwo\n\nthree", "end", &["a\nb"]))]
    #[case::long_title(bubble("", "b", "", &["a title much longer than a phone would ever show on one line"]))]
    #[case::controls(bubble("\u{1b}[2J", "a\tb\u{7}", "\r", &["x\u{202e}y"]))]
    fn every_line_is_as_wide_as_the_others_and_fits(#[case] bubble: Bubble) {
        for columns in [0, 12, 20, 33, 80, 500] {
            let drawn = bubble.draw(columns, Style::Plain);
            let widths: Vec<usize> = drawn.lines().map(width).collect();
            assert!(
                widths.iter().all(|&width| width == widths[0]),
                "{columns}: {drawn}"
            );
            assert!(widths[0] <= columns.clamp(MIN_COLUMNS, MAX_COLUMNS));
            assert!(!drawn.contains(['\u{1b}', '\t', '\r', '\u{7}']));
        }
    }

    #[test]
    fn a_line_break_in_the_body_stays_and_one_in_a_title_does_not() {
        let drawn = bubble("", "one\ntwo", "", &["a\nb"]).draw(80, Style::Plain);
        assert!(drawn.contains("│ one   │\n│ two   │"), "{drawn}");
        assert!(drawn.contains("│ ↩ a b │"), "{drawn}");
    }
}
