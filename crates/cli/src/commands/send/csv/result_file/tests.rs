//! What a cut, another command and another run find in a result file.

use rstest::rstest;
use tempfile::TempDir;

use super::*;

fn run() -> Run {
    Run {
        id: "r1".to_owned(),
        server: "http://h/".to_owned(),
        organization: "loja".to_owned(),
        file: "f1".to_owned(),
        options: "o1".to_owned(),
    }
}

fn outcome(status: Status) -> Outcome {
    Outcome {
        error: Some("it, \"said\"\nso".to_owned()),
        ..Outcome::new(status, None)
    }
}

fn place() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv").to_str().unwrap().to_owned();
    (folder, path)
}

fn open(path: &str) -> Result<ResultFile> {
    ResultFile::open(path, run(), Known::load(path)?)
}

fn noon() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

/// A file in which row 2 is done, 3 and 4 are begun, and 4 was surely not sent.
fn begun(path: &str) -> ResultFile {
    let mut results = open(path).unwrap();
    results.write(&[], &[2, 3], noon()).unwrap();
    results
        .write(&[(2, outcome(Status::Accepted))], &[4], noon())
        .unwrap();
    results.free(&[4]).unwrap();
    results
}

#[test]
fn a_run_that_is_cut_off_anywhere_is_known_to_that_place() {
    let (_folder, path) = place();
    drop(begun(&path));
    let whole = std::fs::read_to_string(&path).unwrap();
    let mut begun_before = Vec::new();
    for end in 0..=whole.len() {
        let (known, kept) = Known::parse(&path, &whole[..end]).unwrap();
        // What is behind the last whole line is written once more, and what stands before it is not lost.
        assert!(kept <= end && whole[kept..end].matches('\n').count() <= 2);
        let begun: Vec<_> = [2, 3, 4]
            .into_iter()
            .filter(|line| known.begun(*line).is_some() || known.is_done(*line))
            .collect();
        assert!(
            begun_before
                .iter()
                .all(|line| begun.contains(line) || *line == 4)
        );
        begun_before = begun;
    }
    assert_eq!(begun_before, [2, 3]);
}

#[test]
fn a_run_goes_on_with_its_own_keys_and_outcomes() {
    let (_folder, path) = place();
    assert_eq!(begun(&path).key(3), "r1-3");
    let other = Run {
        id: "r2".to_owned(),
        ..run()
    };
    let known = Known::load(&path).unwrap();
    known.check_same(&path, &other).unwrap();
    let mut results = ResultFile::open(&path, other, known).unwrap();
    assert_eq!(results.key(3), "r1-3");
    assert!(results.known().is_done(2));
    assert_eq!(
        (results.known().begun(3), results.known().begun(4)),
        (Some(noon()), None)
    );
    results
        .write(&[(3, outcome(Status::Unknown))], &[], noon())
        .unwrap();
    let known = results.tidy();
    assert!(known.begun(3).is_none() && known.is_done(3));
}

#[test]
fn at_the_end_the_file_has_one_line_for_each_row_in_order() {
    let (_folder, path) = place();
    let mut results = begun(&path);
    results
        .write(
            &[
                (9, outcome(Status::Invalid)),
                (1, outcome(Status::Rejected)),
            ],
            &[],
            noon(),
        )
        .unwrap();
    results.tidy();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().skip(1).collect();
    let error = "\"it, \"\"said\"\" so\"";
    let expected = [
        "line,messageId,status,reason,error".to_owned(),
        format!("1,,rejected,,{error}"),
        format!("2,,accepted,,{error}"),
        format!("9,,invalid,,{error}"),
        "# begun 2026-11-29T12:00:00Z 3".to_owned(),
    ];
    assert_eq!(lines, expected);
    let known = Known::load(&path).unwrap();
    assert!(
        known.is_done(1) && !known.is_done(9),
        "a row that is corrected is sent"
    );
    assert_eq!(known.begun(3), Some(noon()));
}

#[test]
fn a_row_that_is_begun_again_counts_from_its_first_time() {
    let (_folder, path) = place();
    let mut results = begun(&path);
    let later = noon() + jiff::SignedDuration::from_hours(3);
    results.write(&[], &[3, 4], later).unwrap();
    drop(results);
    let known = Known::load(&path).unwrap();
    assert_eq!(
        (known.begun(3), known.begun(4)),
        (Some(noon()), Some(later))
    );
}

#[test]
fn two_commands_do_not_share_a_file() {
    let (_folder, path) = place();
    let results = begun(&path);
    let refused = open(&path).err().unwrap().to_string();
    assert!(
        refused.starts_with("another command is sending"),
        "{refused}"
    );
    results.tidy();
    let refused = ResultFile::open(&path, run(), Known::default())
        .err()
        .unwrap();
    assert!(
        refused.to_string().starts_with("another command"),
        "what it does not know was written"
    );
    open(&path).unwrap();
}

#[rstest]
#[case::another_file(Run { file: "f2".to_owned(), ..run() }, "its file has changed")]
#[case::other_options(Run { options: "o2".to_owned(), ..run() }, "the options that are the default")]
#[case::another_server(Run { server: "http://i/".to_owned(), ..run() }, "it was begun for organization loja at http://h/")]
#[case::another_organization(Run { organization: "acme".to_owned(), ..run() }, "and this is organization acme at http://h/")]
fn another_run_is_not_continued(#[case] other: Run, #[case] reason: &str) {
    let (_folder, path) = place();
    drop(begun(&path));
    let refused = Known::load(&path).unwrap().check_same(&path, &other);
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains(reason) && refused.contains("nothing was sent"),
        "{refused}"
    );
}

#[rstest]
#[case::a_file_of_the_user("conversation,body\nc1,Hi\n", "is not the result file of a run")]
#[case::other_columns("# {\"run\":\"r\"}\nline;messageId\n", "cannot be read")]
#[case::a_status_of_later("RUN2,,lost,,\n", "cannot be read")]
#[case::a_mark_of_later("RUN# later 2\n", "cannot be read")]
#[case::a_line_that_is_no_number("RUNtwo,,accepted,,\n", "cannot be read")]
fn a_file_that_is_not_understood_is_left_alone(#[case] text: &str, #[case] reason: &str) {
    let (_folder, path) = place();
    let text = text.replace("RUN", &head(&run()));
    std::fs::write(&path, &text).unwrap();
    let refused = open(&path).err().unwrap().to_string();
    assert!(refused.contains(reason), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}
