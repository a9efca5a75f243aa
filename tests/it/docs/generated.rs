//! The documents that are made from code are the ones in the repository.

use std::fs;

use recado_tests::generated::{documents, root};

#[test]
fn every_generated_document_is_current() {
    for (path, text) in documents().expect("documents") {
        let kept = fs::read_to_string(root().join(&path)).unwrap_or_default();
        assert!(
            kept == text,
            "{} is out of date; run `cargo xtask docs`",
            path.display()
        );
    }
}
