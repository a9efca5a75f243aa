//! Makes what is shown fit the terminal: long ids lose their middle, long texts their end.

use recado_sandbox::terminal::width;

/// In a narrower cell a value cannot be recognized.
const MIN_CELL: usize = 7;
/// Narrowest cell beside a column that keeps its width.
const MIN_NARROW_CELL: usize = 4;
/// The blanks around a cell.
const PADDING: usize = 2;
const CUT: &str = "…";

/// When a column of a table gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shrinks {
    /// Before the others.
    Freely,
    /// After the others, which then may become as narrow as [`MIN_NARROW_CELL`].
    Last,
    /// A part of an instant is another instant.
    Never,
}

/// Shortens the cells of a table until its rows take at most `most` columns, as far as they can be shortened.
///
/// Returns whether a cell was shortened.
pub(crate) fn fit(columns: &[(&str, Shrinks)], rows: &mut [Vec<String>], most: usize) -> bool {
    let widest = |(place, (title, _)): (usize, &(&str, Shrinks))| {
        let cells = rows.iter().filter_map(|row| row.get(place));
        cells.map(|cell| width(cell)).fold(width(title), usize::max)
    };
    let mut widths: Vec<usize> = columns.iter().enumerate().map(widest).collect();
    let natural = widths.clone();
    let steps = [
        (Shrinks::Freely, MIN_CELL),
        (Shrinks::Freely, MIN_NARROW_CELL),
        (Shrinks::Last, MIN_CELL),
    ];
    let has_last = columns.iter().any(|(_, shrinks)| *shrinks == Shrinks::Last);
    let steps = &steps[..if has_last { steps.len() } else { 1 }];
    while widths.iter().map(|width| width + PADDING).sum::<usize>() > most {
        let widest = steps.iter().find_map(|&(step, floor)| {
            let places = (0..widths.len()).filter(|&place| {
                let (title, shrinks) = columns[place];
                shrinks == step && widths[place] > floor.max(title.len())
            });
            places.max_by_key(|&place| widths[place])
        });
        let Some(widest) = widest else { break };
        widths[widest] -= 1;
    }
    for row in rows {
        for (cell, width) in row.iter_mut().zip(&widths) {
            *cell = shortened(cell, *width);
        }
    }
    widths != natural
}

/// The text in at most `columns`: a word such as an id keeps its beginning and more of its end, which tells
/// ids of the same time apart; anything else keeps its beginning.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let left = columns.saturating_sub(1);
    if text.is_ascii() && !text.contains(' ') {
        let head = left / 3;
        let tail = text.len() - (left - head);
        return format!("{}{CUT}{}", &text[..head], &text[tail..]);
    }
    let mut begin = String::new();
    for sign in text.chars() {
        begin.push(sign);
        if width(&begin) > left {
            begin.pop();
            break;
        }
    }
    format!("{begin}{CUT}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("conv-456", 8, "conv-456")]
    #[case("msg_01a2231df6fd715fbb69e129a6a845de", 12, "msg…a6a845de")]
    #[case("How can we help you?", 10, "How can w…")]
    #[case("日本語日本語", 6, "日本…")]
    #[case("x", 0, "…")]
    fn a_long_text_is_shortened_and_a_short_one_stays(
        #[case] text: &str,
        #[case] columns: usize,
        #[case] expected: &str,
    ) {
        assert_eq!(shortened(text, columns), expected);
    }

    #[test]
    fn the_widest_columns_give_way_and_instants_stay() {
        let id = "dlv_01a2231df6fd715fbb69e129a6a845de";
        let at = "2026-11-22 12:00:03 UTC";
        let row = [
            id,
            id,
            "failed",
            at,
            "the receiver answered 500 and a long text",
        ];
        let mut rows = vec![row.map(str::to_owned).to_vec()];
        let mut columns =
            ["ID", "EVENT", "STATUS", "NEXT", "ERROR"].map(|title| (title, Shrinks::Freely));
        columns[3].1 = Shrinks::Never;
        assert!(fit(&columns, &mut rows, 80));
        let used: usize = rows[0].iter().map(|cell| width(cell) + PADDING).sum();
        assert_eq!(used, 80, "{rows:?}");
        assert_eq!((rows[0][2].as_str(), rows[0][3].as_str()), ("failed", at));
        assert!(rows[0][0].ends_with("845de"), "{rows:?}");
        assert!(!fit(&columns, &mut rows, usize::MAX));
    }

    #[test]
    fn a_column_that_shrinks_last_keeps_its_width_on_a_terminal_of_80_columns() {
        let (at, id) = (
            "2026-11-22 12:00:03 UTC",
            "usr_01a2231df6fd715fbb69e129a6a845de",
        );
        let row = [
            at,
            "api_key.created",
            "user",
            id,
            id,
            "127.0.0.1",
            "a long detail",
        ];
        let mut rows = vec![row.map(str::to_owned).to_vec()];
        let titles = ["AT", "ACTION", "BY", "ID", "TARGET", "FROM", "DETAIL"];
        let mut columns = titles.map(|title| (title, Shrinks::Freely));
        (columns[0].1, columns[1].1) = (Shrinks::Never, Shrinks::Last);
        fit(&columns, &mut rows, 80);
        let used: usize = rows[0].iter().map(|cell| width(cell) + PADDING).sum();
        assert_eq!(
            (used, rows[0][1].as_str()),
            (80, "api_key.created"),
            "{rows:?}"
        );
    }

    #[test]
    fn what_cannot_fit_does_not_hang() {
        let mut rows = vec![vec!["x".repeat(50), "y".repeat(50)]];
        let columns = ["A", "B"].map(|title| (title, Shrinks::Freely));
        assert!(fit(&columns, &mut rows, 3));
        assert_eq!(width(&rows[0][0]), MIN_CELL);
    }
}
