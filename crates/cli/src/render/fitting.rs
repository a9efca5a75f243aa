//! Makes what is shown fit the terminal: long ids lose their middle, long texts their end.

use recado_sandbox::terminal::width;

/// Narrower, a cell says nothing any more.
const MIN_CELL: usize = 7;
/// The blanks around a cell.
const PADDING: usize = 2;
const CUT: &str = "…";

/// Shortens the cells of a table until its rows take at most `most` columns, as far as they can be shortened.
///
/// Returns whether a cell was shortened. Columns of instants, by their places in `instants`, stay as they are.
pub(crate) fn fit(
    titles: &[&str],
    rows: &mut [Vec<String>],
    instants: &[usize],
    most: usize,
) -> bool {
    let mut widths: Vec<usize> = (titles.iter().enumerate())
        .map(|(place, title)| {
            let cells = rows.iter().filter_map(|row| row.get(place));
            cells.map(|cell| width(cell)).fold(width(title), usize::max)
        })
        .collect();
    let natural = widths.clone();
    while widths.iter().map(|width| width + PADDING).sum::<usize>() > most {
        let widest = (widths.iter_mut().enumerate())
            .filter(|(place, width)| {
                !instants.contains(place) && **width > MIN_CELL.max(titles[*place].len())
            })
            .max_by_key(|(_, width)| **width);
        let Some((_, widest)) = widest else { break };
        *widest -= 1;
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
        let titles = ["ID", "EVENT", "STATUS", "NEXT", "ERROR"];
        assert!(fit(&titles, &mut rows, &[3], 80));
        let used: usize = rows[0].iter().map(|cell| width(cell) + PADDING).sum();
        assert_eq!(used, 80, "{rows:?}");
        assert_eq!((rows[0][2].as_str(), rows[0][3].as_str()), ("failed", at));
        assert!(rows[0][0].ends_with("845de"), "{rows:?}");
        assert!(!fit(&titles, &mut rows, &[3], usize::MAX));
    }

    #[test]
    fn what_cannot_fit_does_not_hang() {
        let mut rows = vec![vec!["x".repeat(50), "y".repeat(50)]];
        assert!(fit(&["A", "B"], &mut rows, &[], 3));
        assert_eq!(width(&rows[0][0]), MIN_CELL);
    }
}
