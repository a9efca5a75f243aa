//! A message as the customer sees it, drawn with box characters.

use std::io::IsTerminal as _;

use crate::terminal::{one_line, visible, width, wrap};
use crate::{Content, Menu, PhoneButton};

/// A bubble on a phone is about this wide.
const MAX_COLUMNS: usize = 46;
const MIN_COLUMNS: usize = 12;
/// The bubble's sides: a line and a blank on each.
const SIDES: usize = 4;
const REPLY: &str = "↩ ";
const OPEN: &str = "≡ ";
const LINK: &str = "↗ ";
const PLACE: &str = "◉ ";
/// The button of a message that asks for a place.
const SEND_PLACE: &str = "◉ Send location";
const CHOICE: &str = "○ ";

/// What the customer sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bubble {
    /// The bold text over the body.
    pub header: Option<String>,
    /// The text.
    pub body: String,
    /// The small text under the body.
    pub footer: Option<String>,
    /// The titles of the buttons, in order.
    pub buttons: Vec<String>,
    /// The buttons that open a link, in order.
    pub links: Vec<Link>,
    /// Whether there is a button that sends a place.
    pub asks_for_location: bool,
    /// The list, which is drawn as if it was open.
    pub menu: Option<Menu>,
}

/// A button that opens a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The text on the button.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

/// Whether texts may stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No escape sequences.
    Plain,
    /// Bold, dim and colours, by escape sequences.
    Ansi,
}

/// How a text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Bold.
    Bold,
    /// Dim.
    Dim,
    /// Red, for failures.
    Red,
    /// Green, for successes.
    Green,
    /// Blue, of a tone that is readable on dark and on light backgrounds.
    Blue,
}

impl From<&Content> for Bubble {
    fn from(content: &Content) -> Self {
        match content {
            Content::Buttons(content) => Self {
                header: content.header.clone(),
                body: content.body.clone().unwrap_or_default(),
                footer: content.footer.clone(),
                buttons: (content.buttons.iter())
                    .filter(|button| button.url.is_none())
                    .map(|button| button.title.clone())
                    .collect(),
                links: content.buttons.iter().filter_map(link).collect(),
                asks_for_location: content.asks_for_location,
                menu: None,
            },
            Content::List(content) => Self {
                header: content.header.clone(),
                body: content.body.clone(),
                footer: content.footer.clone(),
                menu: Some(content.menu.clone()),
                ..Self::default()
            },
            Content::Location(place) => Self::of_place(
                (place.latitude, place.longitude),
                place.name.clone(),
                place.address.clone(),
            ),
        }
    }
}

fn link(button: &PhoneButton) -> Option<Link> {
    let (title, url) = (button.title.clone(), button.url.clone()?);
    Some(Link { title, url })
}

impl Bubble {
    /// Returns a place, by its latitude and longitude.
    pub fn of_place(degrees: (f64, f64), name: Option<String>, address: Option<String>) -> Self {
        let (latitude, longitude) = degrees;
        Self {
            header: name,
            body: format!("{PLACE}{latitude}, {longitude}"),
            footer: address,
            ..Self::default()
        }
    }

    /// Draws the bubble in at most `columns`; below 12 columns it takes 12.
    pub fn draw(&self, columns: usize, style: Style) -> String {
        let most = columns.clamp(MIN_COLUMNS, MAX_COLUMNS) - SIDES;
        let header = lines(self.header.as_deref(), most);
        let body = lines(Some(&self.body), most);
        let footer = lines(self.footer.as_deref(), most);
        let replies = self.buttons.iter().map(|title| (REPLY, title));
        let opens = self.menu.iter().map(|menu| (OPEN, &menu.button));
        let buttons: Vec<Vec<String>> = (replies.chain(opens))
            .map(|(sign, title)| wrap(&format!("{sign}{}", one_line(title)), most))
            .chain(self.asks_for_location.then(|| wrap(SEND_PLACE, most)))
            .chain(self.links.iter().map(|link| {
                let title = format!("{LINK}{}", one_line(&link.title));
                [wrap(&title, most), wrap(&one_line(&link.url), most)].concat()
            }))
            .collect();
        let rows = self.menu.as_ref().map(|menu| rows(menu, most));
        let rows = rows.unwrap_or_default();
        let all = [&header, &body, &footer].into_iter().chain(&buttons);
        let all = all.flatten().chain(rows.iter().map(|(line, _)| line));
        let inner = all.map(|line| width(line)).max().unwrap_or(0);

        let mut drawn = vec![rule('╭', '╮', inner)];
        let bold = |line: &String| style.paint(line, Paint::Bold);
        let dim = |line: &String| style.paint(line, Paint::Dim);
        drawn.extend(header.iter().map(|line| row(line, &bold(line), inner)));
        drawn.extend(body.iter().map(|line| row(line, line, inner)));
        drawn.extend(footer.iter().map(|line| row(line, &dim(line), inner)));
        for title in &buttons {
            drawn.push(rule('├', '┤', inner));
            let centred = title.iter().map(|line| centred(line, inner));
            drawn.extend(centred.map(|line| row(&line, &line, inner)));
        }
        if !rows.is_empty() {
            drawn.push(rule('├', '┤', inner));
        }
        for (line, paint) in &rows {
            let painted = paint.map_or_else(|| line.clone(), |paint| style.paint(line, paint));
            drawn.push(row(line, &painted, inner));
        }
        drawn.push(rule('╰', '╯', inner));
        drawn.join("\n")
    }
}

impl Style {
    /// Returns the style for standard output: a terminal gets escape sequences,
    /// unless `NO_COLOR` is set and not empty (no-color.org), or the terminal is `dumb`.
    pub fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        if std::io::stdout().is_terminal() && !refused && !is_dumb {
            Self::Ansi
        } else {
            Self::Plain
        }
    }

    /// Returns the text so that it stands out, if the style allows it.
    pub fn paint(self, text: &str, paint: Paint) -> String {
        let code = match paint {
            Paint::Bold => "1",
            Paint::Dim => "2",
            Paint::Red => "31",
            Paint::Green => "32",
            // Of 256 colours, because terminals show their own blue (34) too dark on black.
            Paint::Blue => "38;5;33",
        };
        match self {
            Self::Plain => text.to_owned(),
            Self::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// Returns the lines of an open list: bold titles of sections, and a dim description under a row.
fn rows(menu: &Menu, columns: usize) -> Vec<(String, Option<Paint>)> {
    let mut drawn = Vec::new();
    let title = menu.title.iter();
    drawn.extend(title.flat_map(|title| painted(title, "", columns, Some(Paint::Bold))));
    for section in &menu.sections {
        let title = section.title.iter();
        drawn.extend(title.flat_map(|title| painted(title, "", columns, Some(Paint::Bold))));
        for row in &section.rows {
            drawn.extend(painted(&row.title, CHOICE, columns, None));
            let description = row.description.iter();
            drawn.extend(description.flat_map(|it| painted(it, "  ", columns, Some(Paint::Dim))));
        }
    }
    drawn
}

fn painted(
    text: &str,
    sign: &str,
    columns: usize,
    paint: Option<Paint>,
) -> Vec<(String, Option<Paint>)> {
    let lines = wrap(&format!("{sign}{}", one_line(text)), columns);
    lines.into_iter().map(|line| (line, paint)).collect()
}

fn lines(text: Option<&str>, columns: usize) -> Vec<String> {
    text.map(|text| wrap(&visible(text), columns))
        .unwrap_or_default()
}

fn rule(left: char, right: char, inner: usize) -> String {
    format!("{left}{}{right}", "─".repeat(inner + 2))
}

/// A line between the sides, as it is painted; its width is counted without escape sequences.
fn row(line: &str, painted: &str, inner: usize) -> String {
    let blank = " ".repeat(inner.saturating_sub(width(line)));
    format!("│ {painted}{blank} │")
}

fn centred(line: &str, inner: usize) -> String {
    let left = inner.saturating_sub(width(line)) / 2;
    format!("{}{line}", " ".repeat(left))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{ListRow, Section};

    fn bubble(header: &str, body: &str, footer: &str, buttons: &[&str]) -> Bubble {
        let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Bubble {
            header: optional(header),
            body: body.to_owned(),
            footer: optional(footer),
            buttons: buttons.iter().map(|&title| title.to_owned()).collect(),
            ..Bubble::default()
        }
    }

    fn with_menu(button: &str, section: &str, title: &str, description: &str) -> Bubble {
        let row = |title: &str, description: Option<&str>| ListRow {
            id: "a".to_owned(),
            title: title.to_owned(),
            description: description.map(str::to_owned),
        };
        let section = Section {
            title: Some(section.to_owned()),
            rows: vec![row(title, Some(description)), row("Other", None)],
        };
        let menu = Menu {
            button: button.to_owned(),
            title: None,
            sections: vec![section],
        };
        Bubble {
            menu: Some(menu),
            ..bubble("", "Choose", "", &[])
        }
    }

    #[test]
    fn a_list_is_drawn_open_below_its_button() {
        let drawn = "\
╭────────────────╮
│ Choose         │
├────────────────┤
│     ≡ Open     │
├────────────────┤
│ Today          │
│ ○ Two o'clock  │
│   Three places │
│ ○ Other        │
╰────────────────╯";
        let bubble = with_menu("Open", "Today", "Two o'clock", "Three places");
        assert_eq!(bubble.draw(80, Style::Plain), drawn);
    }

    #[test]
    fn a_link_is_drawn_below_its_button() {
        let drawn = "\
╭─────────────────────────╮
│ Your order is on its    │
│ way.                    │
├─────────────────────────┤
│       ↗ Follow it       │
│ https://shop.example/47 │
│           11            │
╰─────────────────────────╯";
        let link = Link {
            title: "Follow it".to_owned(),
            url: "https://shop.example/4711".to_owned(),
        };
        let bubble = Bubble {
            links: vec![link],
            ..bubble("", "Your order is on its way.", "", &[])
        };
        assert_eq!(bubble.draw(27, Style::Plain), drawn);
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
    #[case::list(with_menu("日本語", &"y".repeat(60), "a title much longer than a phone shows", "\u{1b}[2J\r"))]
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
