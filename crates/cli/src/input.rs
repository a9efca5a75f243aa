//! What a person hands in: a file, or standard input for `-`.

use std::io::Read as _;

use serde_json::{Map, Value};

use crate::{Failure, Result};

/// More than any message has, less than hurts.
const MAX_BYTES: u64 = MIB;

/// Room for a hundred thousand conversations as ChatVolt's API shows them.
const MAX_LARGE_BYTES: u64 = 512 * MIB;

const MIB: u64 = 1024 * 1024;

pub(crate) fn json_object(path: &str) -> Result<Map<String, Value>> {
    match serde_json::from_slice(&read(path, MAX_BYTES)?) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::Usage(format!(
            "{} is not a JSON object",
            name(path)
        ))),
        // The position alone: the text may hold secrets.
        Err(error) => Err(Failure::Usage(format!(
            "{} is not JSON: look at line {}, column {}",
            name(path),
            error.line(),
            error.column()
        ))),
    }
}

pub(crate) fn bytes(path: &str) -> Result<Vec<u8>> {
    read(path, MAX_LARGE_BYTES)
}

fn read(path: &str, max_bytes: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        std::io::stdin().take(max_bytes + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(max_bytes + 1).read_to_end(&mut bytes))
    };
    let count =
        read.map_err(|error| Failure::Usage(format!("cannot read {}: {error}", name(path))))?;
    if count as u64 > max_bytes {
        return Err(Failure::Usage(format!(
            "{} has more than {} MiB",
            name(path),
            max_bytes / MIB
        )));
    }
    Ok(bytes)
}

/// Returns what messages call `path`.
pub(crate) fn name(path: &str) -> &str {
    if path == "-" { "standard input" } else { path }
}

/// Refuses an option that would write over what is read.
pub(crate) fn check_kept(option: &str, written: &str, read: &[String]) -> Result<()> {
    // A file that does not exist yet is not read either.
    let Ok(path) = std::fs::canonicalize(written) else {
        return Ok(());
    };
    let mut files = read.iter().filter(|file| *file != "-");
    if files.any(|file| std::fs::canonicalize(file).is_ok_and(|file| file == path)) {
        return Err(Failure::Usage(format!(
            "{option} {written} would overwrite a file that is read: name another file"
        )));
    }
    Ok(())
}

/// Splits `key=value` at the first `=`; the key is not empty.
pub(crate) fn key_value(text: &str) -> Option<(&str, &str)> {
    text.split_once('=').filter(|(key, _)| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a=b", Some(("a", "b")))]
    #[case("a=b=c", Some(("a", "b=c")))]
    #[case("a=", Some(("a", "")))]
    #[case("=b", None)]
    #[case("ab", None)]
    fn a_pair_is_split_at_the_first_sign(#[case] text: &str, #[case] pair: Option<(&str, &str)>) {
        assert_eq!(key_value(text), pair);
    }

    #[rstest]
    #[case("[1]", "is not a JSON object")]
    #[case("{\"accessToken\": s3cret}", "is not JSON: look at line 1, column 17")]
    fn a_file_that_is_no_object_is_refused_without_its_content(
        #[case] content: &str,
        #[case] expected: &str,
    ) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        let text = json_object(&file.path().display().to_string())
            .unwrap_err()
            .to_string();
        assert!(text.ends_with(expected), "{text}");
        assert!(!text.contains("s3cret"));
    }
}
